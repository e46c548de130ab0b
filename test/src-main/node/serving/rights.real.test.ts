import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Store } from '#main/disk/store/store.ts';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { devicesTable } from '#main/node/peers/device-records.ts';
import type { Link } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf, fromHex } from '#shared/ids.ts';
import type { Audience, Share } from '#shared/model/share.ts';
import { KiB, MiB } from '#shared/units.ts';
import { blockSink, startNode as startTestNode, type BlockEnd, type TestNode } from '../../net/test-nodes.ts';

const gone: BlockEnd = { kind: 'rejected', reason: 'gone' };

let folder: string;
let node: RunningNode;
let client: TestNode;
let link: Link;
/** Each test shares a folder of its own. */
let tests = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rights-'));
  node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false } });
});
beforeEach(async () => {
  tests++;
  client = await startTestNode('Client');
  link = await client.links.dial({ host: '127.0.0.1', port: node.port }, {});
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

/** What comes of the middle of a piece. */
async function ask(key: string, piece: number): Promise<BlockEnd> {
  const { sink, end } = blockSink(64 * KiB);
  link.requestBlock({ key: fromHex(key), piece, begin: 0, length: 64 * KiB }, sink);
  return end;
}

/** A folder with one file of several pieces, shared with everybody. */
async function sharing(isHashed: boolean): Promise<{ share: Share; path: string }> {
  const at = join(folder, `Things ${tests}`);
  await mkdir(at);
  const share = await node.api.call('shares.add', { path: at, audience: { kind: 'everyone' } });
  if (!isHashed) await node.api.call('shares.pauseHashing', { share: share.id, paused: true });
  const isListed = new Promise<void>((resolve) => {
    const stop = node.api.subscribe((event) => {
      if (event.type !== 'share' || event.share.id !== share.id || event.share.files !== 1) return;
      stop();
      resolve();
    });
  });
  await writeFile(join(at, 'film'), randomBytes(4 * MiB));
  await node.api.call('shares.rescan', { share: share.id });
  await isListed;
  if (isHashed) await node.api.call('shares.whenHashed', { id: share.id });
  return { share, path: `Things ${tests}/film` };
}

describe.each([['a file that is hashed', true], ['a file that is not hashed yet', false]])('%s, of which some has been given', (_what, isHashed) => {
  it.each<[string, (share: Share) => Promise<unknown>]>([
    ['is given no more when it is for nobody', ({ id }) => node.api.call('shares.update', { share: id, audience: { kind: 'nobody' } })],
    ['is given no more when it is for others', ({ id }) => node.api.call('shares.update', { share: id, audience: { kind: 'devices', devices: [] } })],
    ['is given no more when it is not shared any more', ({ id }) => node.api.call('shares.remove', { share: id })],
  ])('%s', async (_when, change) => {
    const { share, path } = await sharing(isHashed);
    const { key, contentId } = await link.request('open', { path });
    expect(contentId).toBe(isHashed ? key : null);
    expect(await ask(key, 0)).toMatchObject({ kind: 'done' });
    await change(share);
    expect(await ask(key, 1)).toEqual(gone);
    expect(await ask(key, 0)).toEqual(gone);
    if (!isHashed) expect(await link.request('rootOf', { key })).toEqual({ contentId: null });
  });
});

describe('a device that is no longer trusted, or forgotten', () => {
  const other = deviceIdOf(new Uint8Array(32).fill(7));
  const audienceOf = async ({ id }: Share): Promise<Audience | undefined> => (await node.api.call('shares.list', {})).find((share) => share.id === id)?.audience;
  const unpair = (): Promise<unknown> => node.api.call('peers.unpair', { peer: client.identity.id });

  it('is chosen for nothing any more', async () => {
    const { share, path } = await sharing(true);
    await node.api.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: [client.identity.id, other] } });
    const { key } = await link.request('open', { path });
    expect(await ask(key, 0)).toMatchObject({ kind: 'done' });
    await unpair();
    expect(await ask(key, 1)).toEqual(gone);
    expect(await audienceOf(share)).toEqual({ kind: 'devices', devices: [other] });
  });

  it('leaves nobody who may see what was for it alone', async () => {
    const { share, path } = await sharing(true);
    await node.api.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: [client.identity.id] } });
    await unpair();
    expect(await audienceOf(share)).toEqual({ kind: 'nobody' });
    await expect(link.request('open', { path })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is a stranger when it was blocked and is not any more', async () => {
    const { share, path } = await sharing(true);
    await node.api.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: [client.identity.id] } });
    for (const blocked of [true, false]) await node.api.call('peers.block', { peer: client.identity.id, blocked });
    expect(await audienceOf(share)).toEqual({ kind: 'nobody' });
    const again = await client.links.dial({ host: '127.0.0.1', port: node.port }, {});
    await expect(again.request('open', { path })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is chosen for nothing any more also when the disk refuses to keep that it is trusted no more', async () => {
    const { share } = await sharing(true);
    await node.api.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: [client.identity.id] } });
    const put = Store.prototype.put;
    const full = vi.spyOn(Store.prototype, 'put').mockImplementation(function refuse(this: Store, table, key, value) {
      return table.name === devicesTable.name ? Promise.reject(new AppError('disk-full')) : put.call(this, table, key, value);
    });
    await expect(unpair()).rejects.toMatchObject({ code: 'disk-full' });
    full.mockRestore();
    expect(await audienceOf(share)).toEqual({ kind: 'nobody' });
  });

  it('keeps what it may when somebody takes back a block that there is not', async () => {
    const { share } = await sharing(true);
    const chosen: Audience = { kind: 'devices', devices: [client.identity.id] };
    await node.api.call('shares.update', { share: share.id, audience: chosen });
    await node.api.call('peers.block', { peer: client.identity.id, blocked: false });
    expect(await audienceOf(share)).toEqual(chosen);
  });

  it('is a stranger when it comes back', async () => {
    const { share, path } = await sharing(true);
    await node.api.call('shares.update', { share: share.id, audience: { kind: 'devices', devices: [client.identity.id] } });
    await node.api.call('peers.forget', { peer: client.identity.id });
    const again = await client.links.dial({ host: '127.0.0.1', port: node.port }, {});
    await expect(again.request('open', { path })).rejects.toMatchObject({ code: 'not-found' });
  });
});

it('a device that is blocked is cut off also when the disk refuses to keep it', async () => {
  const { path } = await sharing(true);
  await link.request('open', { path });
  const full = vi.spyOn(Store.prototype, 'put').mockRejectedValueOnce(new AppError('disk-full'));
  await expect(node.api.call('peers.block', { peer: client.identity.id, blocked: true })).rejects.toMatchObject({ code: 'disk-full' });
  full.mockRestore();
  await client.handler.until(() => client.handler.closedLinks.length === 1);
});

describe('a folder that is pushed or shared', () => {
  const push = async (path: string): Promise<string> => {
    client.handler.answer = (method) => (method === 'offer' ? Promise.resolve({}) : Promise.reject(new Error(method)));
    return `offer:${(await node.api.call('offers.send', { peer: client.identity.id, paths: [path] })).id}`;
  };

  it('gives nothing of the folder with the key of this device that lies in it', async () => {
    const at = await push(folder);
    const { files } = await link.request('walk', { path: at, limit: 1000 });
    const [name = ''] = files[0]?.path.split('/') ?? [];
    expect(files.filter(({ path }) => path.startsWith(`${name}/data/`))).toEqual([]);
    for (const key of await readdir(join(folder, 'data', 'identity'))) await expect(link.request('open', { path: `${at}/${name}/data/identity/${key}` })).rejects.toMatchObject({ code: 'not-found' });
    await expect(push(join(folder, 'data'))).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(push(join(folder, 'data', 'store'))).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('gives no key of another node that the same user has in the usual folder', async () => {
    const home = join(folder, `home ${tests}`);
    vi.stubEnv('XDG_DATA_HOME', home);
    onTestFinished(() => { vi.unstubAllEnvs(); });
    const another = await startNode({ dataDir: join(folder, `another ${tests}`), listen: '127.0.0.1', overrides: { name: 'Another', port: 0, multicast: false, mdns: false } });
    onTestFinished(() => another.close());
    await mkdir(join(home, 'distrishare', 'identity'), { recursive: true });
    await writeFile(join(home, 'distrishare', 'identity', 'key.pem'), 'secret');
    await writeFile(join(home, 'notes'), 'notes');
    const share = await another.api.call('shares.add', { path: home, audience: { kind: 'everyone' } });
    expect(await another.api.call('shares.whenHashed', { id: share.id })).toMatchObject({ files: 1 });
    await expect(another.api.call('shares.add', { path: join(home, 'distrishare', 'identity'), audience: { kind: 'everyone' } })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('gives files that are only named as what is unfinished is', async () => {
    const at = join(folder, `Parts ${tests}`);
    await mkdir(at);
    for (const name of ['novel.part', 'film.part', 'film.progress', 'work.progress']) await writeFile(join(at, name), name);
    const { files } = await link.request('walk', { path: await push(at), limit: 1000 });
    expect(files.map(({ path }) => path.split('/')[1])).toEqual(['novel.part', 'work.progress']);
  });
});

it('what was pushed is given no more when the push is taken back', async () => {
  const at = join(folder, `film ${tests}`);
  await writeFile(at, randomBytes(4 * MiB));
  client.handler.answer = (method) => (method === 'offer' ? Promise.resolve({}) : Promise.reject(new Error(method)));
  const { id } = await node.api.call('offers.send', { peer: client.identity.id, paths: [at] });
  const { key } = await link.request('open', { path: `offer:${id}/film ${tests}` });
  expect(await ask(key, 0)).toMatchObject({ kind: 'done' });
  await node.api.call('offers.cancel', { id });
  expect(await ask(key, 1)).toEqual(gone);
  expect(await ask(key, 0)).toEqual(gone);
});
