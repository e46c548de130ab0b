import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SendQueue } from '#main/net/send-queue.ts';
import { KiB } from '#shared/units.ts';

/** What was written to the socket, and when. The system takes everything at once. */
let written: { readonly at: number; readonly bytes: number[] }[];
let queue: SendQueue;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  written = [];
  const socket: Pick<TLSSocket, 'destroyed'> & { write: (bytes: Uint8Array, done?: () => void) => boolean } = {
    destroyed: false,
    write: (bytes, done) => {
      written.push({ at: performance.now() - start, bytes: [...bytes] });
      if (done) queueMicrotask(done);
      return true;
    },
  };
  const start = performance.now();
  queue = new SendQueue(socket as TLSSocket);
});
afterEach(() => {
  queue.destroyed();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const payload = Uint8Array.from({ length: 100 * KiB }, (_, index) => index % 251);
const bytesWritten = (): number[] => written.flatMap(({ bytes }) => bytes);

it('writes a large block at once when nothing paces it', async () => {
  const sent = queue.block(1, Uint8Array.of(7), payload);
  await sent;
  expect(written.map(({ bytes }) => bytes.length)).toEqual([1, payload.length]);
});

it('hands over little of a large block before the system has taken what came before it, all of it in order and with nothing in between', async () => {
  const large = Uint8Array.from({ length: 1000 * KiB }, (_, index) => (index * 7) % 251);
  const sent = queue.block(1, Uint8Array.of(7), large);
  queue.frame(Uint8Array.of(9));
  expect(written.map(({ bytes }) => bytes.length)).toEqual([1, 256 * KiB]);
  await sent;
  await vi.advanceTimersByTimeAsync(0);
  expect(written.map(({ bytes }) => bytes.length)).toEqual([1, 256 * KiB, 256 * KiB, 256 * KiB, 232 * KiB, 1]);
  expect(Buffer.from(bytesWritten()).equals(Buffer.from([7, ...large, 9]))).toBe(true);
  // The buffer is free: no part of it is still to be written.
  expect(vi.getTimerCount()).toBe(0);
});

it('is paced from the next part of a block on', async () => {
  const large = Uint8Array.from({ length: 612 * KiB }, (_, index) => (index * 7) % 251);
  const sent = queue.block(1, Uint8Array.of(7), large);
  queue.pace(1_024_000);
  await vi.advanceTimersByTimeAsync(300);
  expect(bytesWritten().length).toBeLessThan(large.length);
  await vi.advanceTimersByTimeAsync(100);
  await sent;
  expect(Buffer.from(bytesWritten()).equals(Buffer.from([7, ...large]))).toBe(true);
});

it('writes what one turn has to say at once, in the order it was said', async () => {
  const told: number[] = [];
  queue.frame(Uint8Array.of(1, 2), () => told.push(1));
  queue.frame(Uint8Array.of(3), () => told.push(2));
  queue.frame(Uint8Array.of(4));
  await vi.advanceTimersByTimeAsync(0);
  expect(written.map(({ bytes }) => bytes)).toEqual([[1, 2, 3, 4]]);
  expect(told).toEqual([1, 2]);
  expect(queue.queuedBytes).toBe(0);
});

it('still writes its last frames when it is ended in the turn that brought them, and says so once', async () => {
  let flushed = 0;
  queue.frame(Uint8Array.of(1));
  queue.end(() => flushed++);
  await vi.advanceTimersByTimeAsync(0);
  expect(bytesWritten()).toEqual([1]);
  expect(flushed).toBe(1);
});

it('writes a paced block evenly, with nothing in between, and every byte of it', async () => {
  queue.pace(1_024_000);
  const sent = queue.block(1, Uint8Array.of(7), payload);
  queue.frame(Uint8Array.of(9));
  await vi.advanceTimersByTimeAsync(200);
  await sent;
  expect(bytesWritten()).toEqual([7, ...payload, 9]);
  // 100 KiB at 1,000 KiB/s: 100 ms, in slices of 5 ms.
  const slices = written.slice(1, -1);
  expect(slices).toHaveLength(20);
  for (const [index, { at }] of slices.entries()) expect(Math.abs(at - 5 * index)).toBeLessThanOrEqual(11);
});

it('lets the rest go when it is not paced any more', async () => {
  queue.pace(1_024_000);
  const sent = queue.block(1, Uint8Array.of(7), payload);
  await vi.advanceTimersByTimeAsync(20);
  queue.pace(null);
  await vi.advanceTimersByTimeAsync(10);
  await sent;
  expect(bytesWritten()).toEqual([7, ...payload]);
});

it('gives a block back whose connection ends in the middle of it', async () => {
  queue.pace(1_024_000);
  const sent = queue.block(1, Uint8Array.of(7), payload);
  const outcome = sent.then(() => 'sent', () => 'lost');
  await vi.advanceTimersByTimeAsync(20);
  queue.destroyed();
  expect(await outcome).toBe('lost');
  const before = written.length;
  await vi.advanceTimersByTimeAsync(200);
  expect(written).toHaveLength(before);
});

it('says of a block whether it has gone out before it was taken back', async () => {
  const [first, second, third] = [1, 2, 3].map((requestId) => queue.block(requestId, Uint8Array.of(requestId), payload));
  for (const requestId of [1, 3]) queue.dropBlock(requestId);
  expect(await Promise.all([first, second, third])).toEqual([true, true, false]);
  expect(bytesWritten()).toEqual([1, ...payload, 2, ...payload]);
});
