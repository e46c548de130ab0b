import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { MiB } from '#shared/units.ts';
import { TestClient } from '../src-main/bootstrap/bootstrap-client.ts';
import { startBootstrap } from './bootstrap-program.ts';
import { Stage, type ServedNode } from './programs.ts';
import { sha256Of, writeRandom } from './trees.ts';

const stage = new Stage();
afterAll(() => stage.close());

const person = (name: string): Promise<ServedNode> => stage.serve(['--name', name, '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);

it('whoever fetches a public file into a public folder is found through a server, and gives what has come so far', async () => {
  const [server, ben, anna, cleo] = await Promise.all([
    stage.folder().then((dataDir) => startBootstrap((command, args, options) => spawn(command, args, options), { dataDir, listen: '127.0.0.1' })), person('Ben'), person('Anna'), person('Cleo'),
  ]);
  const asking = await TestClient.make(server.url.split('#')[0] ?? '');
  try {
    for (const node of [ben, anna, cleo]) await node.call('settings.set', { patch: { servers: [server.url] } });
    const film = join(await stage.folder(), 'film.bin');
    // Smaller ones are too many for servers.
    await writeRandom(film, limits.servers.fileBytes + 4 * MiB);
    await ben.call('settings.set', { patch: { uploadLimit: 4 * MiB } });
    const { id } = await ben.call('shares.add', { path: film, audience: { kind: 'public' } });
    const { contentId } = await ben.call('shares.whenHashed', { id });
    const films = join(await stage.folder(), 'Films');
    await mkdir(films);
    await anna.call('shares.add', { path: films, audience: { kind: 'public' } });

    await anna.call('peers.connect', { address: `127.0.0.1:${ben.ready.port}` });
    const halfway = await anna.listen((event) => event.type === 'transfer' && event.transfer.doneBytes >= 4 * MiB);
    await anna.call('transfers.start', { source: { kind: 'path', peer: 'Ben', path: 'film.bin' }, to: films });
    await halfway.event;
    // Ben gives almost nothing any more: what Cleo gets now, she gets of Anna.
    await ben.call('settings.set', { patch: { uploadLimit: 64 * 1024 } });
    // How far downloads have come is looked at once a minute, and with every change of what is shared.
    await anna.call('shares.add', { path: await stage.folder(), audience: { kind: 'public' } });
    const wanted = contentId ?? expect.fail('no hash');
    await expect.poll(async () => (await asking.call('holders', { contentIds: [wanted] })).contents[0]?.holders.map(({ deviceId }) => deviceId).sort()).toEqual([anna.ready.deviceId, ben.ready.deviceId].sort());
    const fetched = await cleo.call('transfers.start', { source: { kind: 'content', contentId: wanted }, to: await stage.folder() });
    await expect.poll(async () => {
      const { sources } = await cleo.call('transfers.get', { id: fetched.id });
      return sources.find(({ peer }) => peer === anna.ready.deviceId)?.pieces ?? 0;
    }).toBeGreaterThanOrEqual(2);
    const { transfers } = await anna.call('transfers.list', {});
    expect(transfers.filter(({ direction }) => direction === 'down')).toMatchObject([{ state: 'running' }]);

    const ended = await cleo.listen((event) => event.type === 'transfer' && event.transfer.direction === 'down' && event.transfer.state === 'done');
    await ben.call('settings.set', { patch: { uploadLimit: 'off' } });
    const { path } = await ended.event.then((event) => (event.type === 'transfer' ? event.transfer : expect.fail('not a transfer')));
    expect(await sha256Of(path ?? '')).toBe(await sha256Of(film));
  } finally {
    asking.close();
    const gone = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await gone;
  }
});
