import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { limits } from '#shared/limits.ts';
import { MiB } from '#shared/units.ts';
import { rawDial } from '../src-main/net/raw-peer.ts';
import { startNode, type TestNode } from '../src-main/net/test-nodes.ts';
import { rawFrame } from '../src-shared/protocol/recording-sink.ts';
import { pairOfNodes, Stage, type Outcome, type ServedNode } from './programs.ts';
import { snapshot } from './trees.ts';

const stage = new Stage();
let sender: ServedNode;
let receiver: ServedNode;
let honest: string;

beforeAll(async () => {
  honest = join(await stage.folder(), 'honest.txt');
  await writeFile(honest, 'the truth');
  ({ sender, receiver } = await pairOfNodes(stage));
  await sender.must('share', honest, '--audience', 'everyone', '--wait');
});
afterAll(() => stage.close());

/** Whatever somebody else did, the program runs, has complained of nothing inside it, and hears others. */
afterEach(async () => {
  expect(await receiver.call('browse.list', { peer: 'Sender', path: '', limit: 10 })).toMatchObject({ entries: [{ name: 'honest.txt' }] });
  expect(receiver.stderr()).toBe('');
});

const entry = (change: object = {}) => ({ name: 'film.bin', kind: 'file', bytes: 2 * MiB, files: 1, modifiedAt: 1, contentId: 'ab'.repeat(32), ...change });

let liars = 0;

/** A device that answers as the test lets it; anything else is not there. */
async function liar(answers: Readonly<Record<string, unknown>>): Promise<{ name: string; node: TestNode }> {
  const name = `Liar ${++liars}`;
  const node = await startNode(name);
  node.handler.answer = (method, _params, signal) => {
    if (Object.hasOwn(answers, method)) return Promise.resolve(answers[method]);
    return method === 'shares' ? Promise.resolve({ names: [], count: 0, bytes: 0 }) : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
  };
  await receiver.call('peers.connect', { address: `127.0.0.1:${node.port}` });
  return { name, node };
}
const errorOf = ({ lines }: Outcome): unknown => lines.find((line) => line.event === 'error')?.['code'];

/** Resolves when a download waits for this reason, as the command line lists it. */
async function untilReason(id: string, code: string): Promise<void> {
  await expect.poll(async () => JSON.stringify((await receiver.cli('transfers')).lines.filter((line) => line['id'] === id && line['state'] === 'waiting'))).toContain(code);
}

describe('a device that lies', () => {
  it.each([
    ['a size below nothing', 'browse', { entries: [entry({ bytes: -1 })], total: 1, next: null }],
    ['a list that is none', 'browse', { entries: 'many', total: 1, next: null }],
    ['a size beyond all disks', 'stat', { entry: entry({ bytes: 1e300 }), executable: false }],
    ['a content id that is a path', 'stat', { entry: entry({ contentId: '../../x' }), executable: false }],
    ['a novel', 'stat', 'x'.repeat(limits.link.controlBodyBytes - 100)],
    ['another shape', 'stat', [[[[]]]]],
  ])('with %s in its answer is told of', async (_what, method, answer) => {
    const { name } = await liar({ [method]: answer });
    const outcome = await (method === 'browse' ? receiver.cli('browse', name) : receiver.cli('get', name, 'film.bin'));
    expect([outcome.code, errorOf(outcome)]).toEqual([1, 'protocol-error']);
  });

  it('about its hashes gives no file, and the download says why it waits', async () => {
    const { name, node } = await liar({ stat: { entry: entry(), executable: false }, have: { have: 'f' }, layer: { hashes: Buffer.alloc(64, 1).toString('base64') } });
    node.handler.wanted = (link, lane, { requestId, length }) => { link.sendBlock(lane, requestId, randomBytes(length), null).catch(() => undefined); };
    const to = await stage.folder();
    const queued = await receiver.must('get', name, 'film.bin', '--to', to, '--no-wait');
    await untilReason(String(queued['id']), 'hash-mismatch');
    await receiver.must('cancel', String(queued['id']));
    expect(await readdir(to)).not.toContain('film.bin');
  });

  it('about where its files belong puts none outside of the folder they were wanted in', async () => {
    const names = ['../../outside', '/etc/outside', 'a/../../../outside', 'C:\\outside', '..\\outside', 'CON', 'nul.txt', 'a\u0000b', '\u202Efdp.exe', '.', 'x'.repeat(300), 'colon:stream'];
    const { name } = await liar({
      stat: { entry: entry({ name: 'Folder', kind: 'folder', files: names.length, contentId: null }), executable: false },
      walk: { files: names.map((path) => ({ path, kind: 'file', bytes: 0, modifiedAt: 1, executable: false, contentId: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' })), next: null },
    });
    const parent = await stage.folder();
    const outcome = await receiver.cli('get', name, 'Folder', '--to', join(parent, 'to', 'here'));
    expect(outcome.code).toBe(0);
    expect(await readdir(parent)).toEqual(['to']);
    expect(await readdir(join(parent, 'to'))).toEqual(['here']);
    const written = [...(await snapshot(join(parent, 'to', 'here', 'Folder'))).keys()];
    expect(written).toHaveLength(names.length);
    expect(written).toEqual(expect.arrayContaining(['__/__/outside', '_/etc/outside', '_CON', '_nul.txt', 'colon_stream', '_fdp.exe']));
  });
});

describe('bytes that are no conversation', () => {
  it.each<[string, Uint8Array]>([
    ['an unknown frame too large to skip', rawFrame(0xee, new Uint8Array(10), 0xfffffff0)],
    ['a body cut short', rawFrame(frameType.request, new Uint8Array(10), 5000)],
    ['no JSON where JSON belongs', rawFrame(frameType.request, new TextEncoder().encode('{"id":1,'))],
    ['JSON as deep as a well', rawFrame(frameType.request, new TextEncoder().encode('['.repeat(100_000)))],
  ])('%s ends that connection only', async (_what, bytes) => {
    const peer = await rawDial({ host: '127.0.0.1', port: receiver.ready.port }) ?? expect.fail('no connection');
    await peer.greet();
    peer.send(bytes);
    peer.socket.end();
    await peer.closed;
    const { code, lines } = await receiver.cli('peers');
    expect([code, lines.some((line) => line['name'] === 'Sender' && line['online'] === true)]).toEqual([0, true]);
  });
});

it('after all that an honest device gives what it gave before', async () => {
  const to = await stage.folder();
  await receiver.must('get', 'Sender', 'honest.txt', '--to', to);
  expect(await snapshot(to)).toEqual(await snapshot(join(honest, '..')));
});
