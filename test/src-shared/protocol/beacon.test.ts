import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBeacon, parseBeacon, parseBeaconText, type Beacon } from '#shared/protocol/beacon.ts';

const hex = (digits: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const beacon: fc.Arbitrary<Beacon> = fc.record({
  word: fc.constantFrom('HELLO' as const, 'GOODBYE' as const),
  ip: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65_535 }),
  version: fc.integer({ min: 1, max: 999 }),
  nonce: hex(16),
  tag: hex(8),
  asks: fc.boolean(),
}).map((packet) => ({ ...packet, asks: packet.asks && packet.word === 'HELLO' }));

const hello = 'HELLO 192.0.2.7 47800 distrishare/1 0123456789abcdef 89abcdef';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const without = (packet: Beacon): Beacon => ({ ...packet, asks: false });

describe('a beacon', () => {
  it('is the line the protocol says', () => {
    const packet: Beacon = { word: 'HELLO', ip: '192.0.2.7', port: 47800, version: 1, nonce: '0123456789abcdef', tag: '89abcdef', asks: false };
    expect(new TextDecoder().decode(encodeBeacon(packet))).toBe(hello);
    expect(new TextDecoder().decode(encodeBeacon({ ...packet, asks: true }))).toMatch(new RegExp(`^${hello} \\?\\.+$`));
  });

  it('reads back', () => {
    fc.assert(fc.property(beacon, (packet) => { expect(parseBeacon(encodeBeacon(packet))).toEqual(packet); }));
  });

  it('never answers with more bytes than the question had', () => {
    fc.assert(fc.property(beacon, beacon, (question, answer) => {
      fc.pre(question.word === 'HELLO');
      expect(encodeBeacon(without(answer)).length).toBeLessThanOrEqual(encodeBeacon({ ...question, asks: true }).length);
    }));
  });

  it('may have fields that a later version adds', () => {
    expect(parseBeacon(bytes(`${hello} ? later=1`))).toMatchObject({ word: 'HELLO', asks: true });
    expect(parseBeacon(bytes(`${hello} later=1`))).toMatchObject({ word: 'HELLO', asks: false });
  });
});

describe('a packet that is none', () => {
  it.each([
    ['', 'bad-word'],
    ['hello 192.0.2.7 47800', 'bad-word'],
    ['HELLO', 'bad-ip'],
    ['HELLO  192.0.2.7 1', 'bad-ip'],
    ['HELLO <script> 1', 'bad-ip'],
    ['HELLO 192.0.2.7 0', 'bad-port'],
    ['HELLO 192.0.2.7 65536', 'bad-port'],
    ['HELLO 192.0.2.7 1e4', 'bad-port'],
    ['HELLO 192.0.2.7 -1', 'bad-port'],
    ['HELLO 192.0.2.7 47800', 'bad-version'],
    [hello.replace('/1', '/0'), 'bad-version'],
    [hello.replace('/1', '/1000'), 'bad-version'],
    [hello.replace('0123456789abcdef', '0123456789ABCDEF'), 'bad-nonce'],
    [hello.replace('0123456789abcdef', '01'), 'bad-nonce'],
    [hello.replace(' 89abcdef', ' 89abcdeg'), 'bad-tag'],
    [`${hello} `, 'bad-flag'],
    [`${hello} ?x`, 'bad-flag'],
    [`${hello}\n`, 'not-ascii'],
    [`${hello} ñ`, 'not-ascii'],
    [`${hello} ${'.'.repeat(512)}`, 'too-long'],
  ])('%j is refused: %s', (text, error) => {
    expect(parseBeacon(bytes(text))).toBe(error);
  });

  it('whatever it is, gives a beacon within its bounds or an error', () => {
    const damaged = fc.tuple(beacon, fc.nat(127), fc.nat(255)).map(([packet, at, byte]) => {
      const data = encodeBeacon(packet);
      data[at % data.length] = byte;
      return data;
    });
    fc.assert(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 600 })), (data) => {
      const read = parseBeacon(data);
      if (typeof read === 'string') return;
      expect(read.port).toBeGreaterThan(0);
      expect(read.port).toBeLessThan(65_536);
      expect(read.nonce).toMatch(/^[0-9a-f]{16}$/);
      expect(encodeBeacon(read).length).toBeLessThanOrEqual(512);
    }), { numRuns: 2000 });
  });
});

it('the TXT record of mDNS says the same', () => {
  expect(parseBeaconText({ v: '1', n: '0123456789abcdef', t: '89abcdef' })).toEqual({ version: 1, nonce: '0123456789abcdef', tag: '89abcdef' });
  for (const text of [{}, { v: '1', n: 'x', t: '89abcdef' }, { v: '0', n: '0123456789abcdef', t: '89abcdef' }, { v: 1, n: [], t: null }]) expect(parseBeaconText(text)).toBeNull();
});
