import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Link } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { fromHex, toHex, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { BlockRequest, RejectReason } from '#shared/protocol/hot-frames.ts';
import { KiB, MiB, type Bytes } from '#shared/units.ts';
import { blockSink, startNode as startTestNode, type TestNode } from '../../../net/test-nodes.ts';
import { PatientSource } from '../patient-source.ts';

type File = PatientSource['files'][number];
/** What somebody answers who is asked for a block: bytes, or why not. */
type Answer = (file: File, request: BlockRequest) => Uint8Array<ArrayBuffer> | RejectReason;

const bytesAt = ({ data }: File, { piece, begin, length }: BlockRequest): Uint8Array<ArrayBuffer> => new Uint8Array(data.subarray(piece * MiB + begin, piece * MiB + begin + length));
const isTest = ({ length }: BlockRequest): boolean => length <= limits.transfer.proofBytes;

interface Here { readonly folder: string; readonly node: RunningNode }

async function nodeAt(folder: string): Promise<Here> {
  return { folder, node: await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } }) };
}

let me: Here;
/** Nothing of one test lies where another one puts its files. */
let tests = 0;
beforeAll(async () => { me = await nodeAt(await mkdtemp(join(tmpdir(), 'laundering-'))); });
beforeEach(() => { tests++; });
afterAll(async () => {
  await me.node.close();
  await rm(me.folder, { recursive: true });
});

/** Somebody who lists these files in `Listed`, for everybody, and answers as the test says. */
async function lister(files: readonly File[], answer: Answer): Promise<TestNode> {
  const node = await startTestNode('Lister');
  const answers: Record<string, unknown> = {
    shares: { names: [], count: 0, bytes: 0 },
    stat: { entry: { name: 'Listed', kind: 'folder', bytes: 0, files: files.length, modifiedAt: 1, contentId: null }, executable: false },
    walk: { files: files.map(({ name, data, id }) => ({ path: name, kind: 'file', bytes: data.length, modifiedAt: 1, executable: false, contentId: id })), next: null },
    audience: { audience: { kind: 'public' } },
  };
  node.handler.answer = (method, params) => (method === 'layer' ? Promise.resolve({ hashes: Buffer.from(files.find(({ id }) => JSON.stringify(params).includes(id))?.layer ?? '').toString('base64') }) : method in answers ? Promise.resolve(answers[method]) : Promise.reject(new Error(method)));
  node.handler.wanted = (link, lane, request) => {
    const file = files.find(({ id }) => id === toHex(request.key));
    const given = file === undefined ? 'gone' : answer(file, request);
    if (typeof given === 'string') link.rejectBlock(lane, request.requestId, given);
    else link.sendBlock(lane, request.requestId, given, null).catch(() => undefined);
  };
  return node;
}

const connect = async ({ node }: Here, { port }: { readonly port: number }): Promise<DeviceId> => (await node.api.call('peers.connect', { address: `127.0.0.1:${port}` })).id;
const place = (to: string): string => join(me.folder, String(tests), to);
const start = (peer: DeviceId, path = 'Listed'): Promise<Transfer> => me.node.api.call('transfers.start', { source: { kind: 'path', peer, path }, to: place(path) });

function until({ id }: Transfer, isSo: (transfer: Transfer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      if (!isSo((await me.node.api.call('transfers.get', { id })).transfer)) return;
      stop();
      resolve();
    };
    const stop = me.node.api.subscribe((event) => { if (event.type === 'transfer') look().catch(reject); });
    look().catch(reject);
  });
}
const isDone = ({ state }: Transfer): boolean => state === 'done';

/** Somebody else, for whom the lister says that it is. */
async function eve(): Promise<{ readonly link: Link; readonly handler: TestNode['handler'] }> {
  const stranger = await startTestNode('Eve');
  return { link: await stranger.links.dial({ host: '127.0.0.1', port: me.node.port }, {}), handler: stranger.handler };
}

/** Of each piece of a file, whether it is had from there. */
async function had(link: Link, { id, data }: File): Promise<boolean[]> {
  const pieces = Array.from({ length: Math.ceil(data.length / MiB) }, (_, piece) => piece);
  return Promise.all(pieces.map(async (piece) => {
    const length = Math.min(64 * KiB, data.length - piece * MiB);
    const { sink, end, buffer } = blockSink(length);
    link.requestBlock({ key: fromHex(id), piece, begin: 0, length }, sink);
    return (await end).kind === 'done' && Buffer.compare(buffer, data.subarray(piece * MiB, piece * MiB + length)) === 0;
  }));
}

/** Alice, who has these files and gives them to us only, and how to fetch the folder of a lister who answers so. */
async function listed(sizes: Readonly<Record<string, Bytes>>, answer: Answer): Promise<{ readonly alice: PatientSource; readonly origin: TestNode; readonly file: File; readonly start: () => Promise<Transfer> }> {
  const alice = await PatientSource.start(sizes);
  const [file] = alice.files;
  if (file === undefined) expect.fail('no file');
  const origin = await lister(alice.files, answer);
  const peer = await connect(me, origin);
  return { alice, origin, file, start: () => start(peer) };
}

/** Fetches it: first so many bytes from the lister, then from Alice, too. */
async function fetched(sizes: Readonly<Record<string, Bytes>>, answer: Answer, firstBytes: Bytes = 0): Promise<readonly [File, ...File[]]> {
  const { alice, file, start } = await listed(sizes, answer);
  alice.giveAll();
  const download = await start();
  await until(download, ({ doneBytes }) => doneBytes === firstBytes);
  await connect(me, alice);
  await until(download, isDone);
  for (const { name, data } of alice.files) expect(Buffer.compare(await readFile(join(place('Listed'), 'Listed', name)), data)).toBe(0);
  return [file, ...alice.files.slice(1)];
}

describe('what came from others is given to nobody for the word of somebody', () => {
  it.each<[string, Record<string, Bytes>]>([['small files', { a: 5 * KiB, b: 6 * KiB }], ['a file of one piece', { a: 200 * KiB }], ['a file of several pieces', { a: 4 * MiB }]])('who lists %s and has nothing', async (_what, sizes) => {
    const files = await fetched(sizes, () => 'elsewhere');
    const { link } = await eve();
    for (const file of files) {
      expect(await link.request('have', { contentIds: [file.id] })).toEqual({ have: '-' });
      await expect(link.request('layer', { contentId: file.id, first: 0, count: 1 })).rejects.toMatchObject({ code: 'content-unknown' });
      expect(await had(link, file)).not.toContain(true);
    }
  });

  it('who has the beginning only: that is passed on, and nothing else', async () => {
    const [file] = await fetched({ a: 6 * MiB }, (of, request) => (request.piece === 0 ? bytesAt(of, request) : 'elsewhere'), MiB);
    const { link } = await eve();
    expect(await link.request('have', { contentIds: [file.id] })).toEqual({ have: 'p' });
    expect(await had(link, file)).toEqual([true, false, false, false, false, false]);
  });

  it('who answers with other bytes when it is asked for some: it is not believed any more', async () => {
    const [file] = await fetched({ a: 6 * MiB }, (of, request) => (isTest(request) ? new Uint8Array(request.length).fill(7) : request.piece === 0 ? bytesAt(of, request) : 'elsewhere'), MiB);
    const { link } = await eve();
    await expect.poll(() => had(link, file)).toEqual([false, false, false, false, false, false]);
    expect(await link.request('have', { contentIds: [file.id] })).toEqual({ have: '-' });
  });

  it('who only says for whom a content is that was asked for by its id', async () => {
    const { alice, file } = await listed({ a: 3 * MiB }, () => 'elsewhere');
    await connect(me, alice);
    alice.giveAll();
    await until(await me.node.api.call('transfers.start', { source: { kind: 'content', contentId: file.id }, to: place('id') }), isDone);
    expect(await had((await eve()).link, file)).not.toContain(true);
  });

  it('neither while it is fetched, nor is anybody told of it', async () => {
    const { alice, file, start } = await listed({ a: 6 * MiB }, (of, request) => (request.piece === 5 ? bytesAt(of, request) : 'elsewhere'));
    const download = await start();
    await until(download, ({ doneBytes }) => doneBytes === MiB);
    const { link, handler } = await eve();
    link.join(fromHex(file.id), new Uint8Array(1));
    await connect(me, alice);
    alice.give(3 * MiB);
    await until(download, ({ doneBytes }) => doneBytes === 4 * MiB);
    expect(await had(link, file)).toEqual([false, false, false, false, false, true]);
    link.join(fromHex(file.id), new Uint8Array(1));
    await handler.until(() => handler.swarm.length > 0);
    for (const told of handler.swarm) expect(told).toSatisfy((news: { pieces?: string; piece?: number }) => news.piece === 5 || news.pieces === '04');
  });

  it('nor what was copied here in an earlier life of the download', async () => {
    const { alice, file, start } = await listed({ a: 6 * MiB }, () => 'elsewhere');
    const own = await me.node.api.call('transfers.start', { source: { kind: 'path', peer: await connect(me, alice), path: 'Folder' }, to: place('own') });
    alice.give(3 * MiB);
    await until(own, ({ doneBytes }) => doneBytes === 3 * MiB);
    const download = await start();
    await until(download, ({ doneBytes }) => doneBytes === 3 * MiB);
    await me.node.api.call('transfers.pause', { id: download.id });
    await me.node.api.call('transfers.cancel', { id: own.id, deletePartial: true });
    alice.forget();
    await me.node.api.call('transfers.resume', { id: download.id });
    await alice.untilAsked(1);
    const { link } = await eve();
    expect(await had(link, file)).not.toContain(true);
  });
});

it('what came from others is passed on once its origin has shown that it has it, though that gives no piece', async () => {
  const [file] = await fetched({ a: 6 * MiB }, (of, request) => (isTest(request) ? bytesAt(of, request) : 'elsewhere'));
  const { link } = await eve();
  await expect.poll(() => had(link, file)).toEqual([true, true, true, true, true, true]);
  expect(await link.request('have', { contentIds: [file.id] })).toEqual({ have: 'f' });
});

it('what may be passed on is so after a restart too, while its origin is away', async () => {
  const { alice, origin, file, start } = await listed({ a: 6 * MiB }, (of, request) => (isTest(request) || request.piece === 0 ? bytesAt(of, request) : 'elsewhere'));
  const download = await start();
  await until(download, ({ doneBytes }) => doneBytes === MiB);
  await connect(me, alice);
  alice.give(2 * MiB);
  await until(download, ({ doneBytes }) => doneBytes === 3 * MiB);
  const before = (await eve()).link;
  await expect.poll(async () => (await had(before, file)).filter(Boolean).length).toBe(3);
  const shown = await had(before, file);
  await me.node.close();
  await origin.links.close();
  alice.forget();
  me = await nodeAt(me.folder);
  await connect(me, alice);
  await alice.untilAsked(1);
  expect(await had((await eve()).link, file)).toEqual(shown);
});

describe('what was passed on', () => {
  const given: Answer = (of, request) => (isTest(request) || request.piece < 2 ? bytesAt(of, request) : 'elsewhere');

  it('is given to nobody any more while the download is paused, also not to whoever had some of it', async () => {
    const { file, start } = await listed({ a: 6 * MiB }, given);
    const download = await start();
    await until(download, ({ doneBytes }) => doneBytes === 2 * MiB);
    const { link } = await eve();
    expect(await had(link, file)).toEqual([true, true, false, false, false, false]);
    await me.node.api.call('transfers.pause', { id: download.id });
    expect(await had(link, file)).not.toContain(true);
  });

  it('is given to nobody any more when the origin says that it is for nobody, also while it is fetched from others', async () => {
    const { alice, origin, file, start } = await listed({ a: 6 * MiB }, given);
    const download = await start();
    await until(download, ({ doneBytes }) => doneBytes === 2 * MiB);
    await connect(me, alice);
    await alice.untilAsked(1);
    const { link } = await eve();
    expect(await had(link, file)).toEqual([true, true, false, false, false, false]);
    const before = origin.handler.answer;
    origin.handler.answer = (method, params, signal) => (method === 'audience' ? Promise.reject(new AppError('not-found')) : before(method, params, signal));
    for (const each of origin.links.all()) each.notify({ kind: 'listing', share: 'Listed' });
    await expect.poll(() => had(link, file)).not.toContain(true);
    alice.giveAll();
    await until(download, isDone);
    expect(await had(link, file)).not.toContain(true);
  });

  it('is given to nobody any more when the origin said so while the download was paused', async () => {
    const { alice, origin, file, start } = await listed({ a: 6 * MiB }, given);
    const download = await start();
    await until(download, ({ doneBytes }) => doneBytes === 2 * MiB);
    await me.node.api.call('transfers.pause', { id: download.id });
    const before = origin.handler.answer;
    origin.handler.answer = (method, params, signal) => (method === 'audience' ? Promise.reject(new AppError('not-found')) : before(method, params, signal));
    await connect(me, alice);
    await me.node.api.call('transfers.resume', { id: download.id });
    await alice.untilAsked(1);
    expect(await had((await eve()).link, file)).not.toContain(true);
  });
});
