import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { RunningNode } from '#main/node/node.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { wholeNodes } from '../whole-nodes.ts';

const nodes = wholeNodes();
const start = nodes.start.bind(nodes);
const patience = { timeout: 20_000, interval: 20 };

const connect = (from: RunningNode, to: RunningNode): Promise<unknown> => from.api.call('peers.connect', { address: `127.0.0.1:${to.port}` });
const sees = async (node: RunningNode): Promise<string[]> => (await node.api.call('peers.list', {})).filter(({ online }) => online).map(({ name }) => name).toSorted();
const showTo = (node: RunningNode, visibility: SettingsPatch['visibility']): Promise<unknown> => node.api.call('settings.set', { patch: { visibility } });

/** Both users say that the codes are the same. */
async function pair(one: RunningNode, two: RunningNode): Promise<void> {
  await one.api.call('pairing.start', { peer: two.deviceId });
  const sides = [[one, two.deviceId], [two, one.deviceId]] as const;
  for (const [node] of sides) await vi.waitFor(async () => { expect(await node.api.call('pairing.list', {})).toMatchObject([{ state: 'compare' }]); }, patience);
  for (const [node, peer] of sides) await node.api.call('pairing.answer', { peer, same: true });
  for (const [node] of sides) await vi.waitFor(async () => { expect(await node.api.call('peers.list', {})).toContainEqual(expect.objectContaining({ trust: 'paired' })); }, patience);
}

it('a device that shows itself to trusted ones only shows strangers out at once, and lets none in', async () => {
  const [shy, friend, stranger] = [await start('Shy'), await start('Friend'), await start('Stranger')];
  await mkdir(join(nodes.folder, 'diary'));
  await writeFile(join(nodes.folder, 'diary', 'today.txt'), 'dear diary');
  await shy.api.call('shares.add', { path: join(nodes.folder, 'diary'), audience: { kind: 'everyone' } });
  await connect(friend, shy);
  await pair(shy, friend);
  await connect(stranger, shy);
  const diary = { peer: 'Shy', path: '', limit: 10 };
  const look = (node: RunningNode): Promise<unknown> => node.api.call('browse.list', diary);
  await vi.waitFor(() => look(stranger), patience);

  await showTo(shy, 'paired');
  await vi.waitFor(async () => { expect(await sees(shy)).toEqual(['Friend']); }, patience);
  await vi.waitFor(async () => { expect(await sees(stranger)).toEqual([]); }, patience);
  await expect(look(stranger)).rejects.toMatchObject({ code: 'peer-offline' });
  await expect(connect(stranger, shy)).rejects.toMatchObject({ code: 'refused' });
  await expect(look(friend)).resolves.toBeDefined();

  // Whoever is trusted no more is a stranger like any other.
  await shy.api.call('peers.unpair', { peer: 'Friend' });
  await vi.waitFor(async () => { expect(await sees(shy)).toEqual([]); }, patience);
  await expect(connect(friend, shy)).rejects.toMatchObject({ code: 'refused' });

  await showTo(shy, 'everyone');
  await connect(stranger, shy);
  await vi.waitFor(() => look(stranger), patience);
});

it('whom its user asks for by address is linked all the same, also when fewer are to see it from now on', async () => {
  const [shy, stranger] = [await start('Shy', { visibility: 'paired' }), await start('Stranger')];
  await connect(shy, stranger);
  await vi.waitFor(async () => { expect(await sees(stranger)).toEqual(['Shy']); }, patience);
  await showTo(shy, 'hidden');
  await vi.waitFor(async () => { expect(await sees(shy)).toEqual(['Stranger']); }, patience);
});
