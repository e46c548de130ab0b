import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { networkOf } from '#main/bootstrap/registry/network-of.ts';
import type { RegistryOut } from '#main/bootstrap/registry/registry.ts';
import { contentOf, deviceOf, entryOf, registryOf, roomOf, said } from './things.ts';

const nothing = { reset: false, add: [], remove: [], revision: 'r' };

describe('the registry', () => {
  it('forgets who is silent for longer than the period, and only those', () => {
    const registry = registryOf();
    registry.register(0, deviceOf(1), said(1));
    registry.register(0, deviceOf(2), said(2));
    registry.heartbeat(20_000, deviceOf(2), said(2).outside);
    expect(registry.expire(30_000, 1000)).toBe(0);
    expect(registry.expire(30_001, 1000)).toBe(1);
    expect([...registry.nodes()].map((node) => node.deviceId)).toEqual([deviceOf(2)]);
    expect(() => registry.heartbeat(30_002, deviceOf(1), said(1).outside)).toThrow('not-registered');
  });

  it('shows nothing of a node that has gone, whether its entries are swept or not', () => {
    const registry = registryOf();
    registry.register(0, deviceOf(1), said(1, [roomOf(1)]));
    registry.register(0, deviceOf(2), said(2, [roomOf(1)]));
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1, 'only.txt'), entryOf(2, 'both.txt')] });
    registry.announce(deviceOf(2), { ...nothing, add: [entryOf(2, 'both.txt')] });
    registry.unregister(deviceOf(1));
    for (const budget of [0, 1, Infinity]) {
      registry.sweep(budget);
      expect(registry.holders(contentOf(1)).holders).toEqual([]);
      expect(registry.search({ words: 'only', type: 'any' }).hits).toEqual([]);
      expect(registry.search({ words: 'both', type: 'any' }).hits).toMatchObject([{ holders: [deviceOf(2)], holderCount: 1 }]);
      expect(registry.roomNodes(deviceOf(2), roomOf(1), undefined)).toEqual({ nodes: [], next: null });
    }
    expect(registry.counts.entries).toBe(1);
  });

  it('gives the list of a room to its members only, page by page', () => {
    const registry = registryOf();
    const many = limits.bootstrap.nodesPerPage + 50;
    for (let number = 0; number < many; number++) registry.register(0, deviceOf(number), said(number, [roomOf(1)]));
    registry.register(0, deviceOf(9999), said(1, [roomOf(2)]));
    expect(() => registry.roomNodes(deviceOf(9999), roomOf(1), undefined)).toThrow('not-your-room');
    expect(() => registry.roomNodes(deviceOf(8888), roomOf(1), undefined)).toThrow('not-your-room');
    const first = registry.roomNodes(deviceOf(0), roomOf(1), undefined);
    const second = registry.roomNodes(deviceOf(0), roomOf(1), first.next ?? undefined);
    expect(second.next).toBeNull();
    const listed = [...first.nodes, ...second.nodes].map((node) => node.deviceId);
    expect(new Set(listed)).toEqual(new Set(Array.from({ length: many - 1 }, (_, at) => deviceOf(at + 1))));
    expect(listed.length).toBe(many - 1);
  });

  it('has limits on nodes, on entries, and on what comes from one network, and keeps what there was', () => {
    const registry = registryOf({ nodes: 3, nodesPerNetwork: 2, entries: 5, entriesPerNode: 4, entriesPerNetwork: 4 });
    const here = { addresses: [], rooms: [], outside: '2001:db8::1' };
    registry.register(0, deviceOf(1), here);
    registry.register(0, deviceOf(2), { ...here, outside: '2001:db8::2' });
    expect(() => registry.register(0, deviceOf(3), { ...here, outside: '2001:db8:0:0:9::' })).toThrow('too-many');
    registry.register(0, deviceOf(3), said(3));
    expect(() => registry.register(0, deviceOf(4), said(4))).toThrow('server-full');
    // Those who are in may change what they say.
    registry.register(0, deviceOf(1), { ...here, addresses: ['[2001:db8::1]:1'] });

    const five = [1, 2, 3, 4, 5].map((number) => entryOf(number));
    expect(() => registry.announce(deviceOf(1), { ...nothing, add: five })).toThrow('too-many');
    expect(registry.node(deviceOf(1))).toMatchObject({ entries: 0, revision: null });
    registry.announce(deviceOf(1), { ...nothing, add: five.slice(0, 3) });
    expect(() => registry.announce(deviceOf(2), { ...nothing, add: five.slice(0, 2) })).toThrow('too-many');
    registry.announce(deviceOf(3), { ...nothing, add: five.slice(0, 2) });
    expect(() => registry.announce(deviceOf(3), { ...nothing, add: five.slice(2, 4) })).toThrow('server-full');
    // What is replaced takes no more room than before.
    registry.announce(deviceOf(1), { ...nothing, add: five.slice(0, 3).map((entry) => ({ ...entry, name: 'new.txt' })) });
    registry.unregister(deviceOf(3));
    registry.sweep(Infinity);
    registry.announce(deviceOf(2), { ...nothing, add: five.slice(0, 1) });
    expect(registry.counts.entries).toBe(4);
  });

  it('lists who announces a content under one name too many as its holder, and finds it no more by that name', () => {
    const registry = registryOf();
    for (let number = 0; number <= limits.bootstrap.namesPerContent; number++) {
      registry.register(0, deviceOf(number), said(number));
      registry.announce(deviceOf(number), { ...nothing, add: [entryOf(1, `name${number} thing`)] });
    }
    expect(registry.search({ words: `name${limits.bootstrap.namesPerContent}`, type: 'any' }).hits).toEqual([]);
    expect(registry.search({ words: 'thing', type: 'any' }).hits).toMatchObject([{ holderCount: limits.bootstrap.namesPerContent + 1 }]);
    const { holders, truncated } = registry.holders(contentOf(1));
    expect({ holders: new Set(holders.map((node) => node.deviceId)).size, truncated }).toEqual({ holders: limits.bootstrap.holdersPerContent, truncated: true });
  });

  it('names other holders at the next question when there are more than an answer holds', () => {
    const registry = registryOf();
    const many = 2 * limits.bootstrap.holdersPerContent;
    for (let number = 0; number < many; number++) {
      registry.register(0, deviceOf(number), said(number));
      registry.announce(deviceOf(number), { ...nothing, add: [entryOf(1)] });
    }
    const asked = [1, 2].flatMap(() => registry.holders(contentOf(1)).holders.map((node) => node.deviceId));
    expect(new Set(asked).size).toBe(many);
  });

  it('gives what ranks best of more than it can look at', () => {
    const registry = registryOf();
    registry.register(0, deviceOf(1), said(1));
    for (let at = 0; at < 5000; at += 500) registry.announce(deviceOf(1), { ...nothing, add: Array.from({ length: 500 }, (_, more) => entryOf(at + more, `some report of the year ${at + more}.txt`)) });
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(9999, 'report.txt'), entryOf(9998, 'Report 7')] });
    const { hits, truncated } = registry.search({ words: 'report', type: 'any' });
    expect(truncated).toBe(true);
    expect(hits.slice(0, 2).map((hit) => hit.name)).toEqual(['report.txt', 'Report 7']);
    expect(hits.length).toBe(limits.search.results);
    expect(registry.search({ words: 'year 4321', type: 'any' }).hits.map((hit) => hit.name)).toEqual(['some report of the year 4321.txt']);
  });

  it('vouches for no list that was added to another than it has', () => {
    const registry = registryOf();
    registry.register(0, deviceOf(1), said(1));
    const announced = (number: number, revision: string, base?: string | null) => registry.announce(deviceOf(1), { ...nothing, reset: base === undefined, add: [entryOf(number)], ...(base === undefined ? {} : { base }), revision }).revision;
    expect([announced(1, 'r1'), announced(2, 'r2', 'r1'), announced(3, 'r4', 'r3'), announced(4, 'r5', 'r4'), announced(5, 'r6'), announced(6, 'r7', 'r6')]).toEqual(['r1', 'r2', null, null, 'r6', 'r7']);
    expect(registry.node(deviceOf(1))?.entries).toBe(2);
  });

  it('finds the few names that have two words that thousands have each', () => {
    const registry = registryOf();
    registry.register(0, deviceOf(1), said(1));
    const announce = (from: number, nameOf: (number: number) => string): void => {
      for (let at = from; at < from + 3000; at += 500) registry.announce(deviceOf(1), { ...nothing, add: Array.from({ length: 500 }, (_, more) => entryOf(at + more, nameOf(at + more))) });
    };
    announce(0, (number) => `alpha ${number}`);
    announce(3000, (number) => `beta ${number}`);
    const both = ['alpha beta', 'what there is to say of an alpha and a beta', 'alpha4 with beta5'];
    registry.announce(deviceOf(1), { ...nothing, add: both.map((name, at) => entryOf(9000 + at, name)) });
    for (const words of ['alpha beta', 'beta al', 'a b']) {
      const { hits, truncated } = registry.search({ words, type: 'any' });
      expect({ names: new Set(hits.map((hit) => hit.name)), truncated }).toEqual({ names: new Set(both), truncated: false });
    }
  });

  it('tells who keeps and who listens of every change, and of nothing else', () => {
    const told: string[] = [];
    const out: RegistryOut = {
      nodeChanged: (node, rooms) => { told.push(`node ${node.serial} ${node.revision ?? '-'} ${rooms.map((room) => Number(room)).join()}`); },
      nodeGone: (node) => { told.push(`gone ${node.serial}`); },
      entryAdded: (node, entry) => { told.push(`add ${node.serial} ${entry.name}`); },
      entryRemoved: (node, contentId) => { told.push(`remove ${node.serial} ${contentId === contentOf(1) ? 1 : 2}`); },
    };
    const registry = registryOf({}, out);
    const take = (): string[] => told.splice(0);
    registry.register(0, deviceOf(1), said(1, [roomOf(1), roomOf(2)]));
    expect(take()).toEqual(['node 1 - 1,2']);
    registry.register(1, deviceOf(1), said(1, [roomOf(2), roomOf(1)]));
    registry.heartbeat(2, deviceOf(1), said(1).outside);
    expect(take()).toEqual([]);
    registry.register(1, deviceOf(1), said(1, [roomOf(2)]));
    expect(take()).toEqual(['node 1 - 2,1']);
    registry.heartbeat(2, deviceOf(1), '192.0.2.77');
    expect(take()).toEqual(['node 1 - 2']);
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1, 'a'), entryOf(2, 'b')], revision: 'x' });
    expect(take()).toEqual(['add 1 a', 'add 1 b', 'node 1 x ']);
    registry.announce(deviceOf(1), { ...nothing, add: [entryOf(1, 'a')], remove: [contentOf(2)], revision: 'y' });
    expect(take()).toEqual(['remove 1 2', 'node 1 y ']);
    registry.announce(deviceOf(1), { ...nothing, reset: true, add: [entryOf(2, 'b')], revision: 'z' });
    registry.sweep(10);
    expect(take()).toEqual(['add 2 b', 'node 2 z ', 'remove 1 1']);
    registry.expire(100_000, 1000);
    registry.sweep(10);
    expect(take()).toEqual(['gone 2', 'remove 2 2']);
  });
});

it.each([
  ['203.0.113.7', '203.0.113.7'], ['2001:db8::1', '2001:db8:0:0::/64'], ['2001:db8:0:0:ffff::1', '2001:db8:0:0::/64'], ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'], ['::', '0:0:0:0::/64'], ['2001:db8:1:2:3:4:5::', '2001:db8:1:2::/64'], ['2001:db8:1:2::', '2001:db8:1:2::/64'], ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
])('limits count %s as %s', (host, network) => {
  expect(networkOf(host)).toBe(network);
});
