import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Merkle } from '#main/core/content/merkle.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { startNode } from '#main/node/node.ts';
import type { Link } from '#main/node/ports/links.ts';
import type { Audience } from '#shared/model/share.ts';
import { MiB } from '#shared/units.ts';
import { blockSink, startNode as startTestNode, type BlockEnd } from '../../net/test-nodes.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

interface SharedFile { readonly name: string; readonly data: Uint8Array; readonly root: Uint8Array }

/** A node that shares a folder of small files, and a link to it. */
async function sharing(audience: Audience, ...sizes: readonly number[]): Promise<{ link: Link; files: readonly SharedFile[]; at: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'serving-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const at = join(folder, 'Things');
  await mkdir(at);
  const merkle = new Merkle(sha256);
  const files = sizes.map((bytes, index): SharedFile => {
    const data = randomBytes(bytes);
    return { name: `${index}.txt`, data, root: merkle.pieceHash(data, MiB, true) };
  });
  await Promise.all(files.map(({ name, data }) => writeFile(join(at, name), data)));
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false } });
  toClose.push(() => node.close());
  const { id } = await node.api.call('shares.add', { path: at, audience });
  await node.api.call('shares.whenHashed', { id });
  const client = await startTestNode('Client');
  return { link: await client.links.dial({ host: '127.0.0.1', port: node.port }, {}), files, at };
}

async function ask(link: Link, roots: readonly Uint8Array[], begin: number, length: number): Promise<{ end: BlockEnd; data: Buffer }> {
  const { sink, end, buffer } = blockSink(length);
  link.requestBlock({ key: Buffer.concat(roots), piece: 0, begin, length }, sink);
  return { end: await end, data: Buffer.from(buffer) };
}
const everyone: Audience = { kind: 'everyone' };

it('several small files go out as one block, or as parts of it, in the order in which they were asked for', async () => {
  const { link, files } = await sharing(everyone, 100, 5000, 1, 70_000);
  expect(link.knowsBatches).toBe(true);
  const order = [files[3], files[0], files[2], files[1], files[0]].filter((file) => file !== undefined);
  const all = Buffer.concat(order.map(({ data }) => data));
  const whole = await ask(link, order.map(({ root }) => root), 0, all.length);
  expect(whole.end).toMatchObject({ kind: 'done', pieceHash: null });
  expect(whole.data.equals(all)).toBe(true);
  for (const [begin, length] of [[0, 1], [69_999, 3], [70_050, 4000], [all.length - 1, 1]] as const) {
    expect((await ask(link, order.map(({ root }) => root), begin, length)).data.equals(all.subarray(begin, begin + length))).toBe(true);
  }
});

it('one that is not here, or not for the asking device, and nothing is sent', async () => {
  const open = await sharing(everyone, 100, 200);
  expect((await ask(open.link, [...open.files.map(({ root }) => root), new Uint8Array(32).fill(9)], 0, 300)).end).toEqual({ kind: 'rejected', reason: 'gone' });
  const secret = await sharing({ kind: 'nobody' }, 100, 200);
  expect((await ask(secret.link, secret.files.map(({ root }) => root), 0, 300)).end).toEqual({ kind: 'rejected', reason: 'gone' });
});

it('one that has changed on disk, and nothing is sent; the others still come', async () => {
  const { link, files, at } = await sharing(everyone, 100, 200, 300);
  const [first, second, third] = files;
  if (first === undefined || second === undefined || third === undefined) expect.fail('files are missing');
  // Looked up before: what is remembered must be looked at again.
  expect((await ask(link, [first.root, second.root, third.root], 0, 600)).end).toMatchObject({ kind: 'done' });
  await writeFile(join(at, second.name), randomBytes(200));
  const { end } = await ask(link, [first.root, second.root, third.root], 0, 600);
  expect(end).toMatchObject({ kind: 'rejected' });
  expect((await ask(link, [third.root, first.root], 0, 400)).data.equals(Buffer.concat([third.data, first.data]))).toBe(true);
});

it('a block that reaches beyond the last file is refused', async () => {
  const { link, files } = await sharing(everyone, 100, 200);
  expect((await ask(link, files.map(({ root }) => root), 250, 51)).end).toEqual({ kind: 'rejected', reason: 'error' });
});
