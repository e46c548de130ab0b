import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { SearchState } from '#shared/model/search.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import { BootstrapStage } from '../../bootstrap/stage.ts';

const stage = new BootstrapStage();
const nodes: RunningNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await stage.close();
});

/** A node that nothing makes known but servers. */
async function start(name: string, servers: readonly string[]): Promise<RunningNode> {
  const folder = await stage.folder();
  const node = await startNode({ dataDir: folder, listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'downloads'), servers: [...servers] } });
  nodes.push(node);
  return node;
}

/** Resolves when a look gives something; looks again at every event, of which there is one each second at least. */
function when<T>(node: RunningNode, look: () => Promise<T | undefined | false>): Promise<T> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      look().then((found) => {
        if (found === undefined || found === false) return;
        unsubscribe();
        resolve(found);
      }, reject);
    };
    const unsubscribe = node.api.subscribe(check);
    check();
  });
}

const healthOf = async (node: RunningNode): Promise<ServerHealth | undefined> => (await node.api.call('node.status', {})).servers[0];
const online = (node: RunningNode): Promise<ServerHealth> => when(node, async () => {
  const health = await healthOf(node);
  return health?.state === 'online' && health;
});
const isMet = (node: RunningNode, name: string): Promise<true> =>
  when(node, async () => (await node.api.call('rooms.list', {})).some(({ members }) => members.some((member) => member.name === name && member.online)) || undefined);
/** One search, when it has ended, and a second later: what a server has just been told is found in the next one. */
async function searched(node: RunningNode, words: string): Promise<SearchState> {
  const { id } = await node.api.call('search.start', { words });
  const ended = await when(node, async () => {
    const state = await node.api.call('search.get', { id });
    return state.finished && state;
  });
  await new Promise<void>((resolve) => {
    const unsubscribe = node.api.subscribe((event) => {
      if (event.type !== 'status') return;
      unsubscribe();
      resolve();
    });
  });
  return ended;
}

const urlOf = ({ server, base }: Awaited<ReturnType<BootstrapStage['server']>>): string => `${base}#${server.fingerprint ?? ''}`;

describe('bootstrap servers', () => {
  it('make members of a room known to each other, who know nothing of each other but the words', async () => {
    const url = urlOf(await stage.server());
    const [anna, ben, stranger] = await Promise.all([start('Anna', [url]), start('Ben', [url]), start('Stranger', [url])]);
    const room = await anna.api.call('rooms.create', { name: 'Far away', lastsMs: null });
    const { words } = await anna.api.call('rooms.invite', { room: room.id, language: 'en' });
    await ben.api.call('rooms.join', { invitation: words });
    await isMet(ben, 'Anna');
    await isMet(anna, 'Ben');
    expect(await when(ben, async () => (await ben.api.call('rooms.list', {})).find(({ state }) => state === 'ready'))).toMatchObject({ id: room.id, name: 'Far away' });
    expect((await ben.api.call('peers.list', {})).map(({ name, sources }) => [name, sources.some(({ source }) => source === 'server' || source === 'incoming')])).toEqual([['Anna', true]]);
    await online(stranger);
    expect(await stranger.api.call('peers.list', {})).toEqual([]);
    // Whoever was dialled is met before the server says so.
    expect(await when(anna, async () => {
      const health = await healthOf(anna);
      return health?.nodes === 1 && health;
    })).toMatchObject({ url, error: null });
  });

  it('that take no entries make members of a room meet all the same', async () => {
    const url = urlOf(await stage.server({ maxEntries: 0 }));
    const [anna, ben] = await Promise.all([start('Anna', [url]), start('Ben', [url])]);
    const path = join(await stage.folder(), 'Public');
    await mkdir(path);
    await writeFile(join(path, 'note.txt'), 'for everybody');
    await Promise.all([anna, ben].map(async (node) => {
      const { id } = await node.api.call('shares.add', { path, audience: { kind: 'public' } });
      await node.api.call('shares.whenHashed', { id });
      await when(node, async () => (await healthOf(node))?.error?.code === 'server-refused');
    }));
    const room = await anna.api.call('rooms.create', { name: 'Far away', lastsMs: null });
    const { words } = await anna.api.call('rooms.invite', { room: room.id, language: 'en' });
    await ben.api.call('rooms.join', { invitation: words });
    await isMet(ben, 'Anna');
    expect(await healthOf(ben)).toMatchObject({ state: 'online' });
  });

  it('are known to those who came first, too, and may come and go', async () => {
    const folder = await stage.folder();
    const first = await stage.server({ heartbeatSeconds: 1 }, folder);
    const url = urlOf(first);
    const anna = await start('Anna', [url]);
    await online(anna);
    await first.server.close();
    expect(await when(anna, async () => {
      const health = await healthOf(anna);
      return health?.state !== 'online' && health;
    })).toMatchObject({ url });
    await stage.server({ heartbeatSeconds: 1, port: first.server.port }, folder);
    await online(anna);
  });

  it('lead to what people share with everybody, by its name and by its content, and to nothing else', async () => {
    const url = urlOf(await stage.server());
    const [anna, ben, cleo] = await Promise.all([start('Anna', [url]), start('Ben', [url]), start('Cleo', [url])]);
    const folder = await stage.folder();
    for (const name of ['Beach photos', 'Beach diary']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'day one.txt'), `${name} of the first day`);
    }
    const photos = await anna.api.call('shares.add', { path: join(folder, 'Beach photos'), audience: { kind: 'public' } });
    await anna.api.call('shares.add', { path: join(folder, 'Beach diary'), audience: { kind: 'nobody' } });
    const { contentId } = await anna.api.call('shares.whenHashed', { id: photos.id });
    if (contentId === null) throw new Error('it is hashed');
    await Promise.all([anna, ben, cleo].map(online));
    // Servers hear of it a moment later; until then a search ends without anything.
    let found = await searched(ben, 'beach');
    while (found.hits.length === 0) found = await searched(ben, 'beach');
    expect(found.hits).toMatchObject([{ name: 'Beach photos', contentId, sources: [{ path: 'Beach photos' }] }]);
    expect((await ben.api.call('peers.list', {})).map(({ name }) => name)).toEqual(['Anna']);
    const { id } = await cleo.api.call('transfers.start', { source: { kind: 'content', contentId } });
    const done = await when(cleo, async () => (await cleo.api.call('transfers.list', { finished: true })).transfers.find((transfer) => transfer.id === id && transfer.state === 'done'));
    expect(await readFile(join(done.path ?? '', 'day one.txt'), 'utf8')).toBe('Beach photos of the first day');
    await expect(cleo.api.call('transfers.start', { source: { kind: 'content', contentId: contentIdOf(new Uint8Array(32).fill(3)) } })).rejects.toMatchObject({ code: 'content-unknown' });
  });

  it('are told nothing when they are not who they should be', async () => {
    const { server, base } = await stage.server();
    const anna = await start('Anna', [`${base}#${deviceIdOf(new Uint8Array(32).fill(9))}`]);
    expect(await when(anna, async () => {
      const health = await healthOf(anna);
      return health?.state === 'waiting' && health;
    })).toMatchObject({ error: { code: 'identity-changed' } });
    // Without a fingerprint a public certificate is wanted.
    await anna.api.call('settings.set', { patch: { servers: [base] } });
    expect(await when(anna, async () => {
      const health = await healthOf(anna);
      return health?.url === base && health.state === 'waiting' && health;
    })).toMatchObject({ error: { code: 'server-untrusted', params: { name: base } } });
    await anna.api.call('settings.set', { patch: { servers: [urlOf({ server, base })] } });
    await online(anna);
  });

  it('are not told of a hidden device', async () => {
    const url = urlOf(await stage.server());
    const anna = await start('Anna', [url]);
    await online(anna);
    await anna.api.call('settings.set', { patch: { visibility: 'hidden' } });
    expect((await anna.api.call('node.status', {})).servers).toEqual([]);
  });
});
