import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import { MiB } from '#shared/units.ts';
import { startBootstrap, type BootstrapProgram } from './bootstrap-program.ts';
import { Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';

let stage = new Stage();
const servers: ChildProcess[] = [];
afterEach(async () => {
  await stage.close();
  stage = new Stage();
  for (const child of servers.splice(0)) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

const person = (name: string): Promise<ServedNode> => stage.serve(['--name', name, '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);
const isTransfer = (fits: (transfer: (NodeEvent & { type: 'transfer' })['transfer']) => boolean) => (event: NodeEvent): boolean => event.type === 'transfer' && fits(event.transfer);

/** Shares for everybody; resolves when it is hashed. */
async function publish(node: ServedNode, path: string) {
  const { id } = await node.call('shares.add', { path, audience: { kind: 'public' } });
  return node.call('shares.whenHashed', { id });
}

it('experiment 1, redundancy: one of two sources is killed in the middle, and the download ends without it', async () => {
  const [origin, second, receiver] = await Promise.all([person('Origin'), person('Second'), person('Receiver')]);
  const film = join(await stage.folder(), 'film.bin');
  const copy = join(await stage.folder(), 'copy.bin');
  await writeRandom(film, 16 * MiB);
  await copyFile(film, copy);
  await Promise.all([publish(origin, film), publish(second, copy)]);
  for (const node of [origin, second]) {
    await node.call('settings.set', { patch: { uploadLimit: 6 * MiB } });
    await receiver.call('peers.connect', { address: `127.0.0.1:${node.ready.port}` });
  }
  const fedByBoth = await receiver.listen(isTransfer(({ doneBytes, peers }) => doneBytes >= 2 * MiB && peers.length === 2));
  const ended = await receiver.listen(isTransfer(({ state }) => state === 'done' || state === 'failed' || state === 'waiting'));
  const to = await stage.folder();
  await receiver.call('transfers.start', { source: { kind: 'path', peer: 'Origin', path: 'film.bin' }, to });
  await fedByBoth.event;
  await origin.kill('SIGKILL');
  await second.call('settings.set', { patch: { uploadLimit: 'off' } });
  expect(await ended.event).toMatchObject({ transfer: { state: 'done', name: 'film.bin' } });
  expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(film));
});

it('experiment 6, publish: what is shared is seen at once by whoever is linked, and by others through each of two servers', async () => {
  const startServer = async (): Promise<BootstrapProgram> => {
    const server = await startBootstrap((command, args, options) => spawn(command, args, options), { dataDir: await stage.folder(), listen: '127.0.0.1' });
    servers.push(server.child);
    return server;
  };
  const [one, two] = await Promise.all([startServer(), startServer()]);
  const [anna, ben, cleo] = await Promise.all([person('Anna'), person('Ben'), person('Cleo')]);
  // Ben and Cleo have no server in common, and nobody knows anybody.
  for (const [node, urls] of [[anna, [one.url, two.url]], [ben, [one.url]], [cleo, [two.url]]] as const) await node.call('settings.set', { patch: { servers: [...urls] } });
  const first = join(await stage.folder(), 'first film.bin');
  await writeRandom(first, 2 * MiB);
  await publish(anna, first);
  const finds = (node: ServedNode) => expect.poll(async () => (await node.cli('search', 'film')).lines).toContainEqual(expect.objectContaining({ event: 'hit', name: 'first film.bin' }));
  await Promise.all([ben, cleo].map(finds));
  expect(await anna.call('node.status', {})).toMatchObject({ peersOnline: 2 });

  // Both are linked now, and hear of the next one without asking.
  const second = join(await stage.folder(), 'second film.bin');
  await writeRandom(second, 2 * MiB);
  const heard = await Promise.all([ben, cleo].map((node) => node.listen((event) => event.type === 'listing' && event.share === 'second film.bin')));
  const { contentId } = await publish(anna, second);
  await Promise.all(heard.map(({ event }) => event));
  for (const node of [ben, cleo]) {
    const { entries } = await node.call('browse.list', { peer: 'Anna', path: '', limit: 10 });
    expect(entries).toContainEqual(expect.objectContaining({ name: 'second film.bin', contentId }));
  }
  const to = await stage.folder();
  const done = await cleo.must('get', contentId ?? expect.fail('no hash'), '--to', to);
  expect(await sha256Of(String(done['path']))).toBe(await sha256Of(second));
});
