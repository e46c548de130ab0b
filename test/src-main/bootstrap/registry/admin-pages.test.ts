import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { filesPage, holdersPage, nodeEntriesPage, nodesPage } from '#main/bootstrap/registry/admin-pages.ts';
import type { Registry } from '#main/bootstrap/registry/registry.ts';
import { contentOf, deviceOf, entryOf, registryOf, roomOf, said } from './things.ts';

const { rowsPerPage, rowsLookedAt } = limits.bootstrap;
const nothing = { reset: false, add: [], remove: [], revision: 'r' };

function filled(nodes: number): Registry {
  const registry = registryOf({ nodes: 100_000, nodesPerNetwork: 100_000, entries: 1_000_000 });
  for (let number = 1; number <= nodes; number++) registry.register(number, deviceOf(number), said(number));
  return registry;
}

describe('pages of nodes', () => {
  it('give everybody once, in the order in which they came', () => {
    const registry = filled(2 * rowsPerPage + 1);
    const seen: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page: ReturnType<typeof nodesPage> = nodesPage(registry, 500, { from, find: '' });
      expect(page.rows.length).toBeLessThanOrEqual(rowsPerPage);
      expect(page.total).toBe(2 * rowsPerPage + 1);
      seen.push(...page.rows.map((row) => row.deviceId));
      from = page.next;
    }
    expect(seen).toEqual([...registry.nodes()].map((node) => node.deviceId));
    expect(nodesPage(registry, 500, { from: 1000, find: '' })).toMatchObject({ rows: [], next: null });
  });

  it('show what is known of a node, and nothing that tells its rooms', () => {
    const registry = registryOf();
    registry.register(1000, deviceOf(1), said(1, [roomOf(1), roomOf(2)]));
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1)] });
    expect(nodesPage(registry, 4000, { from: 0, find: '' }).rows).toEqual([{ deviceId: deviceOf(1), addresses: said(1).addresses, outside: said(1).outside, rooms: 2, entries: 1, heardMsAgo: 3000 }]);
  });

  it('find by the beginning of an id or a part of an address, a bounded part of all at a time', () => {
    const registry = filled(rowsLookedAt + 10);
    const late = rowsLookedAt + 5;
    registry.register(0, deviceOf(late), { ...said(late), addresses: ['[2001:db8::abc]:47800'] });
    expect(nodesPage(registry, 0, { from: 0, find: deviceOf(late) }).rows.map((row) => row.deviceId)).toEqual([deviceOf(late)]);
    const first = nodesPage(registry, 0, { from: 0, find: 'DB8::ABC' });
    expect(first).toMatchObject({ rows: [], next: rowsLookedAt });
    expect(nodesPage(registry, 0, { from: rowsLookedAt, find: '2001:db8::ABC' }).rows.map((row) => row.deviceId)).toEqual([deviceOf(late)]);
    expect(nodesPage(registry, 0, { from: 0, find: deviceOf(7).slice(0, 9).toLowerCase() }).rows.map((row) => row.deviceId)).toContain(deviceOf(7));
    expect(nodesPage(registry, 0, { from: 0, find: deviceOf(999_999) }).rows).toEqual([]);
  });
});

describe('pages of files', () => {
  it('say who has all of a content, who a part, and how much', () => {
    const registry = filled(3);
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1, 'film.mp4')] });
    registry.announce(deviceOf(2), { ...nothing, add: [{ ...entryOf(1, 'film.mp4'), have: 40 }] });
    registry.announce(deviceOf(3), { ...nothing, add: [{ ...entryOf(1, 'the same film.mp4'), have: 0 }] });
    const { file, rows } = holdersPage(registry, { contentId: contentOf(1), from: 0 });
    expect(file).toMatchObject({ seeders: 1, leechers: 2 });
    const held = (number: number, percent: number, role: string) => ({ deviceId: deviceOf(number), outside: said(number).outside, percent, role });
    expect(rows.toSorted((one, other) => one.percent - other.percent)).toEqual([held(3, 0, 'leecher'), held(2, 40, 'leecher'), held(1, 100, 'seeder')]);
    expect(filesPage(registry, { from: 0, words: 'film' }).rows).toMatchObject([{ seeders: 1, leechers: 2, holders: [{}, {}, {}] }]);
    expect(nodeEntriesPage(registry, 5, { deviceId: deviceOf(2), from: 0 })).toMatchObject({ node: { deviceId: deviceOf(2) }, rows: [{ name: 'film.mp4', percent: 40, role: 'leecher', holders: 3 }], next: null });
    // It goes on, completes it, and takes it back.
    registry.announce(deviceOf(2), { ...nothing, add: [{ ...entryOf(1, 'film.mp4'), have: 70 }] });
    expect(filesPage(registry, { from: 0, words: '' }).rows).toMatchObject([{ seeders: 1, leechers: 2 }]);
    registry.announce(deviceOf(2), { ...nothing, add: [entryOf(1, 'film.mp4')] });
    expect(filesPage(registry, { from: 0, words: '' }).rows).toMatchObject([{ seeders: 2, leechers: 1 }]);
    registry.announce(deviceOf(3), { ...nothing, remove: [contentOf(1)] });
    expect(filesPage(registry, { from: 0, words: '' }).rows).toMatchObject([{ seeders: 2, leechers: 0 }]);
    registry.announce(deviceOf(3), { ...nothing, add: [entryOf(1, 'film.mp4')] });
    expect(holdersPage(registry, { contentId: contentOf(1), from: 0 }).rows.map(({ percent }) => percent)).toEqual([100, 100, 100]);
  });

  it('give every content once, and every holder', () => {
    const contents = 3 * rowsPerPage + 7;
    const registry = filled(2 * rowsPerPage + 3);
    registry.announce(deviceOf(1), { ...nothing, add: Array.from({ length: contents }, (_, at) => entryOf(at + 1)) });
    for (const node of registry.nodes()) registry.announce(node.deviceId, { ...nothing, add: [entryOf(1, `name ${node.serial % 3}.txt`)] });
    const files = new Set<string>();
    for (let from: number | null = 0; from !== null;) {
      const page: ReturnType<typeof filesPage> = filesPage(registry, { from, words: '' });
      expect(page.rows.length).toBeLessThanOrEqual(rowsPerPage);
      for (const { contentId } of page.rows) files.add(contentId);
      from = page.next;
    }
    expect(files.size).toBe(contents);
    const holders: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page: ReturnType<typeof holdersPage> = holdersPage(registry, { contentId: contentOf(1), from });
      holders.push(...page.rows.map((row) => row.deviceId));
      from = page.next;
    }
    expect(holders.toSorted()).toEqual([...registry.nodes()].map((node) => node.deviceId).toSorted());
    const entries: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const page: ReturnType<typeof nodeEntriesPage> = nodeEntriesPage(registry, 0, { deviceId: deviceOf(1), from });
      entries.push(...page.rows.map((row) => row.contentId));
      from = page.next;
    }
    expect(new Set(entries).size).toBe(contents);
  });

  it('name nobody who has gone, and know nothing of what nobody has', () => {
    const registry = filled(2);
    for (const number of [1, 2]) registry.announce(deviceOf(number), { ...nothing, add: [entryOf(1)] });
    registry.unregister(deviceOf(1));
    expect(filesPage(registry, { from: 0, words: '' }).rows[0]?.holders.map((row) => row.deviceId)).toEqual([deviceOf(2)]);
    expect(holdersPage(registry, { contentId: contentOf(1), from: 0 }).rows.map((row) => row.deviceId)).toEqual([deviceOf(2)]);
    expect(holdersPage(registry, { contentId: contentOf(9), from: 0 })).toEqual({ file: null, rows: [], next: null });
    expect(() => nodeEntriesPage(registry, 0, { deviceId: deviceOf(1), from: 0 })).toThrow('not-registered');
  });
});
