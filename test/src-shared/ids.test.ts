import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceIdOf, fromHex, isDeviceId, parseDeviceId, toHex } from '#shared/ids.ts';

const fingerprint = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('device id', () => {
  it('reads back as people type it', () => {
    fc.assert(fc.property(fingerprint, (bytes) => {
      const id = deviceIdOf(bytes);
      expect(id).toMatch(/^([A-Z2-7]{7}-){7}[A-Z2-7]{7}$/);
      expect(parseDeviceId(id.toLowerCase().replaceAll('-', ' '))).toBe(id);
      expect(isDeviceId(id)).toBe(true);
    }));
  });

  it('refuses a single wrong character anywhere', () => {
    fc.assert(fc.property(fingerprint, fc.nat(55), fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'), (bytes, at, character) => {
      const plain = deviceIdOf(bytes).replaceAll('-', '');
      fc.pre(plain[at] !== character);
      expect(parseDeviceId(plain.slice(0, at) + character + plain.slice(at + 1))).toBeNull();
    }));
  });

  it('differs for different keys', () => {
    fc.assert(fc.property(fingerprint, fingerprint, (a, b) => {
      expect(deviceIdOf(a) === deviceIdOf(b)).toBe(toHex(a) === toHex(b));
    }));
  });
});

it('hex reads back', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => { expect(fromHex(toHex(bytes))).toEqual(bytes); }));
  for (const text of ['0g', 'g0', '0', '-1', '0\u0130', '0x']) expect(() => fromHex(text)).toThrow();
  expect(fromHex('aBCf09')).toEqual(new Uint8Array([0xab, 0xcf, 0x09]));
});
