import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { KiB, MiB } from '#shared/units.ts';
import { Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';

const stage = new Stage();
afterAll(() => stage.close());

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
const bytes = 20 * MiB;

/** What each of them does to others, by its name. */
const plans = {
  Corrupt: 'corrupt=0.7,seed=1', Stall: 'stall=1,seed=2', Drop: 'drop=0.3,seed=3', Lie: 'lie=1,seed=4', Cut: 'disconnect=0.3,seed=5', Slow: 'slow=60000,seed=6',
};
/** Whatever it is asked for it lacks: it begins to fetch the file itself, and gets next to nothing of it. */
const liar = 'Lie';

async function saboteur(name: string, plan: string): Promise<ServedNode> {
  return stage.serve(['--name', name, ...quiet, '--sabotage', plan], (command, args) => ['env', ['DISTRISHARE_SABOTAGE=I-am-testing', command, ...args]]);
}
const connect = (from: ServedNode, to: ServedNode) => from.call('peers.connect', { address: `127.0.0.1:${to.ready.port}` });

it('one honest source among all kinds of saboteurs is enough: the bytes are right, and only who sent wrong ones is banned, after two', async () => {
  const [receiver, honest, ...bad] = await Promise.all([
    stage.serve(['--name', 'Receiver', ...quiet]), stage.serve(['--name', 'Honest', ...quiet]), ...Object.entries(plans).map(([name, plan]) => saboteur(name, plan)),
  ]);
  const source = join(await stage.folder(), 'film.bin');
  await writeRandom(source, bytes);
  const names = Object.keys(plans);
  await Promise.all([honest, ...bad].map(async (node, at) => {
    if (names[at - 1] === liar) return;
    const own = join(await stage.folder(), 'film.bin');
    await copyFile(source, own);
    const { id } = await node.call('shares.add', { path: own, audience: { kind: 'everyone' } });
    await node.call('shares.whenHashed', { id });
  }));
  await honest.call('settings.set', { patch: { uploadLimit: 8 * MiB } });
  const lying = bad[names.indexOf(liar)] ?? expect.fail('no liar');
  await lying.call('settings.set', { patch: { downloadLimit: 64 * KiB } });
  await connect(lying, honest);
  await lying.call('transfers.start', { source: { kind: 'path', peer: 'Honest', path: 'film.bin' }, to: await stage.folder() });
  await Promise.all([honest, ...bad].map((node) => connect(receiver, node)));

  const to = await stage.folder();
  await receiver.must('get', 'Honest', 'film.bin', '--to', to);
  expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(source));
  const held = (await receiver.call('peers.list', {})).flatMap(({ name, badPieces }) => (badPieces === undefined ? [] : [{ name, ...badPieces }]));
  expect(held).toMatchObject([{ name: 'Corrupt', banned: true }]);
  // Two are enough; what was being verified when the second was found adds to the evidence.
  expect(held[0]?.latest.every(({ file }) => file === 'film.bin')).toBe(true);
  // The evidence is complete: what those pieces must hash to was proven before they came.
  for (const { expected, contentId } of held[0]?.latest ?? []) expect([expected, contentId]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
});
