import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '#shared/ids.ts';
import { compareNames, decodeAttributes, decodeNode, decodePage, encodeAttributes, encodeNode, encodePage, isManifestName, nameBytes, type ManifestEntry } from '#shared/protocol/manifest.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';

const encode = (entries: readonly ManifestEntry[]) => encodePage(entries.map((entry) => ({ entry, name: nameBytes(entry.name) })));
const root = (byte: number) => new Uint8Array(32).fill(byte);

const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((name) => !/\p{Surrogate}/u.test(name) && isManifestName(name, nameBytes(name).length));
const entries = fc.uniqueArray(fc.record({
  kind: fc.constantFrom('file' as const, 'folder' as const),
  name: names,
  bytes: fc.integer({ min: 0, max: 2 ** 45 }),
  root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
}), { selector: (entry) => entry.name, minLength: 1, maxLength: 20 }).map((all) => all.sort((one, other) => compareNames(one.name, other.name)));

/** Golden bytes of version 1. They never change: the ids of all folders depend on them. */
const goldenPage = '44534d50' + '01' + '0003' +
  '01' + '00000000000003e8' + '22'.repeat(32) + '0001' + '41' +
  '00' + '0000000000000000' + '00'.repeat(32) + '0005' + '61e4bda02e' +
  '00' + '0000000100000005' + '11'.repeat(32) + '0003' + '622e63';
const goldenEntries: ManifestEntry[] = [
  { kind: 'folder', name: 'A', bytes: 1000, root: root(0x22) },
  { kind: 'file', name: 'a你.', bytes: 0, root: root(0) },
  { kind: 'file', name: 'b.c', bytes: 2 ** 32 + 5, root: root(0x11) },
];
const goldenNode = '44534d46' + '01' + '0000000000000003' + '00000001000003ed' + '00000001' + '33'.repeat(32);

describe('layout', () => {
  test('of a page and a node as documented', () => {
    expect(toHex(encode(goldenEntries))).toBe(goldenPage);
    expect(decodePage(fromHex(goldenPage))).toEqual(goldenEntries);
    const node = { files: 3, bytes: 2 ** 32 + 1005, pages: root(0x33) };
    expect(toHex(encodeNode(node))).toBe(goldenNode);
    expect(decodeNode(fromHex(goldenNode))).toEqual(node);
  });

  test('of attributes', () => {
    const attributes = [{ modifiedAt: 1_700_000_000_123, executable: true }, { modifiedAt: 0, executable: false }];
    const bytes = encodeAttributes(attributes);
    expect(toHex(bytes)).toBe('0000018bcfe5687b' + '01' + '0000000000000000' + '00');
    expect(decodeAttributes(bytes, 2)).toEqual(attributes);
    expect(decodeAttributes(encodeAttributes([{ modifiedAt: -5, executable: false }]), 1)).toEqual([{ modifiedAt: 0, executable: false }]);
    expect(() => decodeAttributes(bytes, 1)).toThrow(ProtocolError);
    expect(() => decodeAttributes(fromHex('7fffffffffffffff00'), 1)).toThrow(ProtocolError);
  });
});

test('names are in the order of their UTF-8 bytes', () => {
  fc.assert(fc.property(names, names, (one, other) => {
    expect(Math.sign(compareNames(one, other))).toBe(Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other))));
  }));
});

describe('decoding', () => {
  test('gives back what was encoded', () => {
    fc.assert(fc.property(entries, (all) => {
      expect(decodePage(encode(all))).toEqual(all);
    }));
  });

  test('of anything is an error or the only way to write it', () => {
    fc.assert(fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, where, change) => {
      const bytes = encode(all);
      const at = where % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ change;
      try {
        expect(toHex(encode(decodePage(bytes)))).toBe(toHex(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }), { numRuns: 500 });
  });

  test.each([
    ['nothing', ''],
    ['another magic', goldenPage.replace('44534d50', '44534d46')],
    ['another version', goldenPage.replace('44534d5001', '44534d5002')],
    ['no entries', '44534d50010000'],
    ['more entries than bytes', '44534d500103e8'],
    ['more entries than a page has', '44534d5001ffff'],
    ['a cut', goldenPage.slice(0, -2)],
    ['something after the end', `${goldenPage}00`],
    ['a wrong order', '44534d50' + '01' + '0002' + ('00' + '00'.repeat(40) + '0001' + '62') + ('00' + '00'.repeat(40) + '0001' + '61')],
    ['a name twice', '44534d50' + '01' + '0002' + ('00' + '00'.repeat(40) + '0001' + '61').repeat(2)],
    ['an unknown kind', '44534d50' + '01' + '0001' + '02' + '00'.repeat(40) + '0001' + '61'],
    ['a size beyond all files', '44534d50' + '01' + '0001' + '00' + '00ffffffffffffff' + '00'.repeat(32) + '0001' + '61'],
    ['a name of no bytes', '44534d50' + '01' + '0001' + '00' + '00'.repeat(40) + '0000' + '00'],
    ['a slash in a name', '44534d50' + '01' + '0001' + '00' + '00'.repeat(40) + '0003' + '2e2e2f'],
    ['the name ..', '44534d50' + '01' + '0001' + '00' + '00'.repeat(40) + '0002' + '2e2e'],
    ['a NUL in a name', '44534d50' + '01' + '0001' + '00' + '00'.repeat(40) + '0002' + '6100'],
    ['a name that is not UTF-8', '44534d50' + '01' + '0001' + '00' + '00'.repeat(40) + '0001' + 'ff'],
  ])('refuses %s', (_what, hex) => {
    expect(() => decodePage(fromHex(hex))).toThrow(ProtocolError);
  });

  test.each([
    ['a cut', goldenNode.slice(0, -2)],
    ['something after the end', `${goldenNode}00`],
    ['more pages than a folder has', '44534d46' + '01' + '00'.repeat(16) + 'ffffffff'],
    ['an absurd number of files', goldenNode.replace('0000000000000003', 'ffffffffffffffff')],
  ])('refuses a node with %s', (_what, hex) => {
    expect(() => decodeNode(fromHex(hex))).toThrow(ProtocolError);
  });

  test('refuses a page longer than the limit before reading it', () => {
    expect(() => decodePage(new Uint8Array(512 * 1024 + 1))).toThrow('too-long');
  });
});
