import { describe, expect, it } from 'vitest';
import { readKnown } from '#main/net/servers/read-known.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { serverMessageSchema } from '#shared/protocol/bootstrap-events.ts';
import { bootstrapRoutes } from '#shared/protocol/bootstrap-routes.ts';

const device = (number: number): string => deviceIdOf(new Uint8Array(32).fill(number));
const content = (number: number): string => contentIdOf(new Uint8Array(32).fill(number));
const node = (number: number, addresses: unknown = ['192.0.2.1:47800']): Record<string, unknown> => ({ deviceId: device(number), addresses, outside: '203.0.113.7' });
const room = (nodes: unknown, next: unknown = null): ReturnType<typeof readKnown> => readKnown(bootstrapRoutes.roomNodes.answer, { nodes, next });

describe('of lists of a newer server', () => {
  it('what we understand is left as it is', () => {
    expect(room([node(1), node(2)], device(2))).toEqual({ leftOut: 0, value: { nodes: [node(1), node(2)], next: device(2) } });
  });

  it('nodes, addresses, contents, holders, hits and changes of unknown forms are left out and counted', () => {
    expect(room([node(1), { circuit: 7 }, null, node(2)])).toEqual({ leftOut: 2, value: { nodes: [node(1), node(2)], next: null } });
    expect(room([node(1, ['somewhere.onion:47800', '192.0.2.1:47800', { host: '192.0.2.1' }])])).toEqual({ leftOut: 2, value: { nodes: [node(1)], next: null } });

    const asked = (contentId: string, holders: unknown[]): object => ({ contentId, holders, truncated: false });
    expect(readKnown(bootstrapRoutes.holders.answer, { contents: [asked('sha3', [node(1)]), asked(content(1), ['a name', node(2, [1, '192.0.2.1:47800'])])] }))
      .toEqual({ leftOut: 3, value: { contents: [asked(content(1), [node(2)])] } });

    const hit = (kind: string, holders: string[]): object => ({ contentId: content(1), kind, name: 'beach', bytes: 1, score: 2, holders, holderCount: 3 });
    expect(readKnown(bootstrapRoutes.search.answer, { hits: [hit('playlist', []), hit('file', [device(1), 'ANNA'])], truncated: false })).toEqual({ leftOut: 2, value: { hits: [hit('file', [device(1)])], truncated: false } });

    const changed = { ...node(1), rooms: ['00d1f3c5a7e9b024'] };
    expect(readKnown(serverMessageSchema, { type: 'nodes', changed: [{ ...changed, rooms: ['00d1f3c5a7e9b024', 'a longer tag'] }, node(2)], gone: ['BEN', device(3)] }))
      .toEqual({ leftOut: 3, value: { type: 'nodes', changed: [changed], gone: [device(3)] } });
  });

  it('what is beyond the longest list that we take is left out, at every level', () => {
    const addresses = Array.from({ length: 20 }, (_, at) => `192.0.2.${at}:47800`);
    const nodes = Array.from({ length: limits.bootstrap.nodesPerPage + 5 }, () => node(1, [...addresses]));
    expect(room(nodes)).toEqual({
      leftOut: 5 + 4 * limits.bootstrap.nodesPerPage,
      value: { nodes: Array.from({ length: limits.bootstrap.nodesPerPage }, () => node(1, addresses.slice(0, 16))), next: null },
    });
  });

  it('a very long list of nonsense costs little', () => {
    expect(room(Array.from({ length: 500_000 }, () => 0))).toEqual({ leftOut: 500_000, value: { nodes: [], next: null } });
  });
});

it('what is wrong outside of a list makes the whole answer worthless, and so does anything that proves something', () => {
  expect(room({ 0: node(1) })).toBeNull();
  expect(room([node(1)], 'BEN')).toBeNull();
  expect(readKnown(serverMessageSchema, { type: 'later', nodes: [1] })).toBeNull();
  expect(readKnown(serverMessageSchema, { type: 'relay', from: device(1), ticket: 'of another kind' })).toBeNull();
  expect(readKnown(bootstrapRoutes.token.answer, { deviceId: 'BEN', token: 'text', expiresMs: 1 })).toBeNull();
  for (const nothing of [null, [], 'text', 7]) expect(readKnown(bootstrapRoutes.holders.answer, nothing)).toBeNull();
});
