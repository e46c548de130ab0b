import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { encodeJson } from '#shared/protocol/frames.ts';
import { negotiate, readHello, readRefuse, type ControlHello } from '#shared/protocol/hello.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';

const hello: ControlHello = {
  role: 'control', protocol: { min: 1, max: 1 }, session: 'ab'.repeat(16), instance: 'cd'.repeat(16), sequence: 3, name: 'Jade Otter', platform: 'linux',
  version: '0.1.0', listenPort: 47800, features: [],
};
const body = (value: object) => encodeJson(frameType.hello, value).subarray(5);
const read = (value: object) => readHello(body(value));

describe('hello', () => {
  it('reads back, for both roles', () => {
    expect(read(hello)).toEqual({ kind: 'hello', hello, version: 1 });
    const bulk = { role: 'bulk', protocol: { min: 1, max: 1 }, session: 'ab'.repeat(16) };
    expect(read(bulk)).toEqual({ kind: 'hello', hello: bulk, version: 1 });
  });

  it('takes what later versions add', () => {
    const later = { ...hello, protocol: { min: 1, max: 7 }, platform: 'toaster', features: ['swim'], colour: 'jade' };
    expect(read(later)).toEqual({ kind: 'hello', hello: { ...hello, protocol: { min: 1, max: 7 }, platform: 'other', features: ['swim'] }, version: 1 });
  });

  it('tells a version that cannot be spoken from nonsense, whatever else it says', () => {
    expect(read({ protocol: { min: 2, max: 9 }, role: 'orchestra' })).toEqual({ kind: 'version-mismatch', protocol: { min: 2, max: 9 } });
  });

  it('takes marks that deceive out of a name', () => {
    const reading = read({ ...hello, name: ' ev\u0000il\u200b\u202egpj.exe\u2066 ' });
    expect(reading).toMatchObject({ hello: { name: 'evilgpj.exe' } });
  });

  it.each([
    ['no name', { name: '' }], ['a name of invisible marks', { name: '\u202e\u202d' }], ['a name that shows nothing', { name: '\u200b\u3164\ufeff' }], ['a name of joiners', { name: '\u200d\u200c\ufe0f' }], ['a name of tags', { name: '\u{e0041}\u{e0042}' }], ['an endless name', { name: 'x'.repeat(41) }], ['port 0', { listenPort: 0 }],
    ['port 65536', { listenPort: 65536 }], ['a short session', { session: 'ab' }], ['a range upside down', { protocol: { min: 2, max: 1 } }], ['a version of markup', { version: '<b>' }],
    ['a fraction', { sequence: 0.5 }], ['a number beyond safe', { sequence: 2 ** 53 }], ['a crowd of features', { features: Array.from({ length: 65 }, () => 'a') }],
  ])('with %s is refused', (_name, change) => {
    expect(() => read({ ...hello, ...change })).toThrow(expect.objectContaining({ code: 'bad-json' }));
  });

  it('is never answered with anything but a protocol error', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map((text) => new TextEncoder().encode(text))), (bytes) => {
      for (const reader of [readHello, readRefuse]) {
        try {
          reader(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    }));
  });
});

it('the highest common version is spoken', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(5)).map(([min, more]) => ({ min, max: min + more }));
  fc.assert(fc.property(range, range, (ours, theirs) => {
    const common = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].filter((version) => [ours, theirs].every(({ min, max }) => version >= min && version <= max));
    expect(negotiate(ours, theirs)).toBe(common.at(-1) ?? null);
    expect(negotiate(theirs, ours)).toBe(negotiate(ours, theirs));
  }));
});

it('an unknown refusal reads as refused', () => {
  expect(readRefuse(body({ code: 'moon-phase' }))).toEqual({ code: 'refused' });
  expect(readRefuse(body({ code: 'version-mismatch', protocol: { min: 2, max: 3 } }))).toEqual({ code: 'version-mismatch', protocol: { min: 2, max: 3 } });
});
