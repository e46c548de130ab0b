/**
 * Moves blocks of 1 MiB between two processes over loopback through the real link: TLS, frames, buffers, but no disk and
 * no hashing. Prints MB/s and the CPU seconds of both ends.
 *
 * Usage: node test/bench/run.mjs link [--gib 2] [--lanes 1] [--window 12] [--block-kib 1024] [--profile DIR]
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { makeIdentity } from '#main/net/identity.ts';
import { createLinks } from '#main/net/links.ts';
import type { Link, LinkHandler, Links } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { GiB, KiB } from '#shared/units.ts';

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'receiver' }, gib: { type: 'string', default: '2' }, lanes: { type: 'string', default: '1' },
    window: { type: 'string', default: '12' }, 'block-kib': { type: 'string', default: '1024' }, profile: { type: 'string' },
  },
});
const blockBytes = Number(values['block-kib']) * KiB;
const window = Number(values.window);
const lanes = Number(values.lanes);
const blocks = Math.ceil((Number(values.gib) * GiB) / blockBytes);
const messageSchema = z.union([z.object({ port: z.int() }), z.object({ cpuSeconds: z.number(), rssBytes: z.number() })]);

async function makeLinks(handler: Partial<LinkHandler>): Promise<Links> {
  const nothing = (): void => undefined;
  return createLinks({
    identity: await makeIdentity(),
    handler: { request: () => Promise.reject(new AppError('not-found')), notice: nothing, blockWanted: nothing, blockCancelled: nothing, joined: nothing, has: nothing, left: nothing, choked: nothing, closed: nothing, ...handler },
    hello: () => ({ name: 'bench', version: '0.0.0' }), isBlocked: () => false, now: () => performance.now(), random: Math.random,
  });
}

const cpuSeconds = (since?: NodeJS.CpuUsage): number => { const { user, system } = process.cpuUsage(since); return (user + system) / 1e6; };

async function send(): Promise<void> {
  // As a disk cache would: a few buffers, reused as soon as the link gives them back.
  const free = Array.from({ length: window }, () => new Uint8Array(blockBytes));
  const links = await makeLinks({
    blockWanted: (link, lane, request) => {
      const buffer = free.pop() ?? new Uint8Array(blockBytes);
      link.sendBlock(lane, request.requestId, buffer.subarray(0, request.length), null).then(() => { free.push(buffer); }, () => undefined);
    },
    closed: () => {
      process.send?.({ cpuSeconds: cpuSeconds(started), rssBytes: process.memoryUsage().rss });
      void links.close().then(() => { process.disconnect(); });
    },
  });
  let started = process.cpuUsage();
  links.onLink(() => { started = process.cpuUsage(); });
  process.send?.(await links.listen(0, '127.0.0.1'));
}

async function receive(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--role', 'sender'], { execArgv: values.profile ? ['--cpu-prof', '--cpu-prof-dir', join(values.profile, 'sender')] : [] });
  const links = await makeLinks({});
  const sender = await new Promise<{ cpuSeconds: number; rssBytes: number }>((resolve, reject) => {
    child.once('error', reject);
    child.on('message', (value) => {
      const message = messageSchema.parse(value);
      if ('cpuSeconds' in message) resolve(message);
      else measure(links, message.port).catch(reject);
    });
  });
  console.log(`sender   ${sender.cpuSeconds.toFixed(2)} s CPU, ${Math.round(sender.rssBytes / 1e6)} MB`);
  await links.close();
}

async function measure(links: Links, port: number): Promise<void> {
  const link = await links.dial({ host: '127.0.0.1', port }, {});
  const buffers = Array.from({ length: window }, () => new Uint8Array(new SharedArrayBuffer(blockBytes)));
  link.wantLanes(lanes);
  // Short blocks until the bulk lanes are up and the code is warm.
  for (let warm = 0; warm < 200; warm++) await fetchBlock(link, buffers[0], 1);
  const started = performance.now();
  const cpu = process.cpuUsage();
  let next = 0;
  await Promise.all(buffers.map(async (buffer) => { while (next++ < blocks) await fetchBlock(link, buffer, blockBytes); }));
  const seconds = (performance.now() - started) / 1000;
  const bytes = blocks * blockBytes;
  console.log(`${(bytes / 1e6 / seconds).toFixed(0)} MB/s: ${(bytes / GiB).toFixed(2)} GiB in ${seconds.toFixed(2)} s, blocks of ${blockBytes / KiB} KiB, ${window} in flight, ${lanes} bulk lanes`);
  console.log(`receiver ${cpuSeconds(cpu).toFixed(2)} s CPU, ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  link.close({ code: 'cancelled' });
}

const key = new Uint8Array(32);
function fetchBlock(link: Link, buffer: Uint8Array | undefined, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => { reject(new Error('a block did not arrive')); };
    link.requestBlock({ key, piece: 0, begin: 0, length }, { buffer: buffer ?? new Uint8Array(length), done: () => { resolve(); }, broken: fail, rejected: fail, lost: fail });
  });
}

await (values.role === 'sender' ? send() : receive());
