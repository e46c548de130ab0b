import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode } from '../e2e/programs.ts';
import { sha256Of, writeRandom } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces } from './namespaces.ts';

const why = whyNoNamespaces();
if (why !== null) console.warn(`skipped: saboteurs in network namespaces (${why})`);

const plans = [null, 'corrupt=1,seed=7', 'stall=1,seed=8', null, null, null, null];

describe.skipIf(why !== null)('one honest seed, four who fetch, and two saboteurs', () => {
  let network: NamespaceNetwork;
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  it('end with the right bytes everywhere, the one who sends wrong ones banned with evidence, and nobody else', async () => {
    network = new NamespaceNetwork(plans.length);
    stage = new Stage();
    const nodes = await Promise.all(plans.map((plan, index) => stage.serve(
      ['--name', `Node ${index}`, '--no-web', '--no-multicast', '--no-mdns', ...(plan === null ? [] : ['--sabotage', plan])],
      (command, args) => ['ip', ['netns', 'exec', network.node(index).name, 'env', 'DISTRISHARE_SABOTAGE=I-am-testing', command, ...args]],
    )));
    const [seed, corrupter, staller, ...leechers] = nodes;
    if (seed === undefined || corrupter === undefined || staller === undefined) throw new Error('nodes are missing');
    for (const [at, node] of nodes.entries()) {
      await Promise.all(nodes.slice(0, at).map((other, index) => node.call('peers.connect', { address: `${network.node(index).ipv4}:${other.ready.port}` })));
    }
    expect((await corrupter.call('node.status', {})).problems).toContainEqual(expect.objectContaining({ code: 'sabotage-on' }));

    const folder = await stage.folder();
    await writeRandom(join(folder, 'film.bin'), 16 * MiB);
    await Promise.all([seed, corrupter, staller].map(async (node) => {
      const own = join(await stage.folder(), 'film.bin');
      await copyFile(join(folder, 'film.bin'), own);
      await node.must('share', own, '--audience', 'everyone', '--wait');
    }));
    await seed.must('settings', 'uploadLimit', String(8 * MiB));
    const folders = await Promise.all(leechers.map(() => stage.folder()));
    await Promise.all(leechers.map((node, at) => node.must('get', 'Node 0', 'film.bin', '--to', folders[at] ?? '')));
    const wanted = await sha256Of(join(folder, 'film.bin'));
    for (const to of folders) expect(await sha256Of(join(to, 'film.bin'))).toBe(wanted);
    for (const node of leechers) expect(await heldBy(node)).toEqual([{ name: 'Node 1', banned: true, files: new Set(['film.bin']) }]);
  });
});

/** Whom a node holds wrong pieces against. */
async function heldBy(node: ServedNode): Promise<{ name: string; banned: boolean; files: Set<string> }[]> {
  const peers = await node.call('peers.list', {});
  return peers.flatMap(({ name, badPieces }) => (badPieces === undefined ? [] : [{ name, banned: badPieces.banned, files: new Set(badPieces.latest.map(({ file }) => file)) }]));
}
