import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { limits } from '#shared/limits.ts';
import { day, hour } from '#shared/units.ts';

/** What somebody, or a time server, added to the clock on the wall since the start. */
let setBy = 0;
const wall = Date.now;
const nodes: RunningNode[] = [];
let folder: string;

beforeAll(async () => {
  vi.spyOn(Date, 'now').mockImplementation(() => wall() + setBy);
  folder = await mkdtemp(join(tmpdir(), 'clock-set-'));
  for (const name of ['One', 'Two']) {
    nodes.push(await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to', name) } }));
  }
});
afterAll(async () => {
  vi.useRealTimers();
  await Promise.all(nodes.map((node) => node.close()));
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

it('a clock that is set while it runs ends no link, and no comparison of codes', async () => {
  const [one, two] = nodes;
  if (one === undefined || two === undefined) expect.fail('no nodes');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const lost: string[] = [];
  for (const node of nodes) node.api.subscribe((event) => { if (event.type === 'peer' && !event.peer.online) lost.push(event.peer.name); });
  const { id } = await one.api.call('peers.connect', { address: `127.0.0.1:${two.port}` });
  const { code } = await one.api.call('pairing.start', { peer: id });
  for (const jump of [-hour, 2 * hour, day, -400 * day, 765 * day]) {
    setBy += jump;
    // Links look whether the other end is still there.
    await vi.advanceTimersByTimeAsync(2 * limits.link.keepAliveMs);
    expect((await one.api.call('peers.list', {})).map(({ online }) => online)).toEqual([true]);
    expect((await one.api.call('pairing.list', {})).map((pairing) => pairing.code)).toEqual([code]);
    expect((await two.api.call('pairing.list', {})).map((pairing) => pairing.code)).toEqual([code]);
  }
  expect(lost).toEqual([]);
});
