import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';

const stage = new Stage();
afterAll(() => stage.close());

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
/** So much that pieces go past the system's cache while others read them, where the disk does not seek. */
const bytes = 72 * MiB;
/** So little that a machine with other things to do keeps up: the source is what all wait for. */
const sourceBytesPerSecond = 18 * MiB;

/** Bytes a node has given, as its list of uploads says. */
async function given(node: ServedNode): Promise<number> {
  const { transfers } = await node.call('transfers.list', { finished: false });
  return transfers.filter(({ direction }) => direction === 'up').reduce((sum, transfer) => sum + transfer.bytes, 0);
}

it('those who fetch the same file give each other what they have, so that a slow source sends little more than one copy', async () => {
  const nodes = await Promise.all(['Seed', 'One', 'Two', 'Three'].map((name) => stage.serve(['--name', name, ...quiet])));
  const [seed, ...leechers] = nodes;
  if (seed === undefined) throw new Error('no seed');
  for (const [at, node] of nodes.entries()) for (const other of nodes.slice(at + 1)) await node.must('connect', `127.0.0.1:${other.ready.port}`);
  const source = join(await stage.folder(), 'film.bin');
  await writeRandom(source, bytes);
  await seed.must('settings', 'uploadLimit', String(sourceBytesPerSecond));
  await seed.must('share', source, '--audience', 'everyone', '--wait');
  const folders = await Promise.all(leechers.map(() => stage.folder()));
  await Promise.all(leechers.map((node, at) => node.must('get', 'Seed', 'film.bin', '--to', folders[at] ?? '')));
  // At once: an upload that is over leaves the list after a while.
  const [bySeed, byOthers] = [await given(seed), (await Promise.all(leechers.map(given))).reduce((sum, one) => sum + one, 0)];
  const passedOn = (await Promise.all(leechers.map((node) => node.call('transfers.list', { finished: false })))).flatMap(({ transfers }) => transfers.filter(({ direction }) => direction === 'up'));
  for (const transfer of passedOn) expect(transfer).toMatchObject({ name: 'film.bin', kind: 'file' });
  const wanted = await sha256Of(source);
  for (const folder of folders) expect(await sha256Of(join(folder, 'film.bin'))).toBe(wanted);
  expect(bySeed).toBeLessThan(1.8 * bytes);
  expect(byOthers).toBeGreaterThan(bytes);
  // Nobody was given bytes that were not there yet.
  const heldAgainst = (await Promise.all(nodes.map((node) => node.call('peers.list', {})))).flat().flatMap(({ badPieces }) => badPieces ?? []);
  expect(heldAgainst).toEqual([]);
});
