import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ManifestBuilder, type ManifestPage } from '#main/core/content/manifest-tree.ts';
import { limits } from '#shared/limits.ts';
import { toHex } from '#shared/ids.ts';
import { decodeNode, decodePage, type ManifestEntry } from '#shared/protocol/manifest.ts';

const sha256 = (data: Uint8Array, out: Uint8Array, at: number): void => out.set(createHash('sha256').update(data).digest(), at);
const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const file = (name: string, byte = 1): ManifestEntry => ({ kind: 'file', name, bytes: 10, root: new Uint8Array(32).fill(byte) });

function build(entries: readonly ManifestEntry[]) {
  const pages: ManifestPage[] = [];
  const builder = new ManifestBuilder(sha256, (page) => pages.push(page));
  for (const entry of entries) builder.add(entry);
  return { pages, manifest: builder.finish(entries.length, 10 * entries.length) };
}
const numbered = (count: number, width = 6): ManifestEntry[] => Array.from({ length: count }, (_, at) => file(String(at).padStart(width, '0')));

test('an empty folder has a node without pages, and always the same id', () => {
  const { pages, manifest } = build([]);
  expect(pages).toEqual([]);
  expect(decodeNode(manifest.node)).toEqual({ files: 0, bytes: 0, pages: new Uint8Array(0) });
  expect(toHex(manifest.id)).toBe(digest(manifest.node));
  expect(toHex(manifest.id)).toBe('bf7e1403cb53e458af23cae040068cb697cc7cf2d5dbc0a103f68022c7f13782');
});

test('pages are full before the next begins, and the node lists their hashes', () => {
  const { pages, manifest } = build(numbered(2500));
  expect(pages.map((page) => [page.first, page.entries])).toEqual([['000000', 1000], ['001000', 1000], ['002000', 500]]);
  const node = decodeNode(manifest.node);
  expect(node.files).toBe(2500);
  expect(toHex(node.pages)).toBe(pages.map((page) => digest(page.bytes)).join(''));
  expect(pages.flatMap((page) => decodePage(page.bytes)).map((entry) => entry.name)).toEqual(numbered(2500).map((entry) => entry.name));
});

test('long names make pages of fewer entries, none above the limit', () => {
  const { pages } = build(numbered(1200, 900));
  expect(pages.length).toBeGreaterThan(2);
  for (const page of pages) expect(page.bytes.length).toBeLessThanOrEqual(limits.content.manifestPageBytes);
});

test('a change touches its own page and the node only', () => {
  const before = build(numbered(2500));
  const changed = numbered(2500).map((entry, at) => (at === 1500 ? file(entry.name, 9) : entry));
  const after = build(changed);
  expect(after.pages.map((page, at) => toHex(page.hash) === toHex(before.pages[at]?.hash ?? new Uint8Array()))).toEqual([true, false, true]);
  expect(toHex(after.manifest.id)).not.toBe(toHex(before.manifest.id));
});

test('entries out of order or with impossible names are refused', () => {
  expect(() => build([file('b'), file('a')])).toThrow(RangeError);
  expect(() => build([file('a'), file('a')])).toThrow(RangeError);
  for (const name of ['', '.', '..', 'a/b', 'a\0', 'x'.repeat(2000)]) expect(() => build([file(name)])).toThrow(RangeError);
});
