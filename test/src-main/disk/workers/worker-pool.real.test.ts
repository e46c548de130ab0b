import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerPool } from '#main/disk/workers/worker-pool.ts';

type EchoCalls = {
  readonly echo: { readonly params: string; readonly result: string };
  readonly die: { readonly params: null; readonly result: void };
  readonly sleep: { readonly params: null; readonly result: void };
};

/** Answers as `answerCalls` does; dies when told to; never answers `sleep` unless it is cancelled. */
const program = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (message) => {
  if (message.call === 'die') throw new Error('told to');
  if (message.call === 'echo') parentPort.postMessage({ id: message.id, result: message.params });
  if ('cancel' in message) parentPort.postMessage({ id: message.cancel, error: { code: 'cancelled' } });
});`;

function pool(size: number): { pool: WorkerPool<EchoCalls>; started: number[]; died: number[] } {
  const started: number[] = [];
  const died: number[] = [];
  const created = new WorkerPool<EchoCalls>(size, (slot) => (started.push(slot), new Worker(program, { eval: true })), (slot) => died.push(slot));
  onTestFinished(() => created.close());
  return { pool: created, started, died };
}

it('starts threads when they are needed and gives work to the idlest', async () => {
  const { pool: two, started } = pool(2);
  expect(started).toEqual([]);
  expect(await two.at(two.idlest).call('echo', 'a')).toBe('a');
  const controller = new AbortController();
  const sleeping = two.at(two.idlest).call('sleep', null, { signal: controller.signal });
  expect(two.idlest).toBe(1);
  expect(await two.at(two.idlest).call('echo', 'b')).toBe('b');
  expect(started).toEqual([0, 1]);
  controller.abort();
  await expect(sleeping).rejects.toMatchObject({ code: 'cancelled' });
});

it('names the idlest of those that run, and starts none for it but the first', async () => {
  const { pool: three, started } = pool(3);
  expect(await three.at(three.idlestRunning).call('echo', 'a')).toBe('a');
  const sleeping = expect(three.at(three.idlestRunning).call('sleep', null)).rejects.toMatchObject({ code: 'cancelled' });
  expect(await three.at(three.idlestRunning).call('echo', 'b')).toBe('b');
  expect(started).toEqual([0]);
  expect(await three.at(2).call('echo', 'c')).toBe('c');
  expect(three.idlestRunning).toBe(2);
  await three.close();
  await sleeping;
});

it('rejects what a dead thread cannot answer, says so once, and starts another', async () => {
  const { pool: one, started, died } = pool(1);
  const caller = one.at(0);
  const waiting = caller.call('sleep', null);
  const dying = caller.call('die', null);
  await expect(waiting).rejects.toMatchObject({ code: 'internal' });
  await expect(dying).rejects.toMatchObject({ code: 'internal' });
  await expect(caller.call('echo', 'a')).rejects.toMatchObject({ code: 'internal' });
  expect(await one.at(0).call('echo', 'b')).toBe('b');
  expect({ started, died }).toEqual({ started: [0, 0], died: [0] });
});

it('rejects waiting and later calls when closed, without calling it a death', async () => {
  const { pool: one, died } = pool(1);
  const waiting = expect(one.at(0).call('sleep', null)).rejects.toMatchObject({ code: 'cancelled' });
  await one.close();
  await waiting;
  expect(() => one.at(0)).toThrow('cancelled');
  expect(died).toEqual([]);
});

it('ends threads that had nothing to do for long, not those that wait for an answer, and starts them again', async () => {
  const { pool: two, started, died } = pool(2);
  const idle = new Promise<void>((resolve) => {
    const look = (): void => { if (two.running().length === 1) resolve(); else setImmediate(look); };
    void two.at(1).call('echo', 'a').then(look);
  });
  const controller = new AbortController();
  const sleeping = expect(two.at(0).call('sleep', null, { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  await two.at(1).call('echo', 'b');
  two.endIdleAfter(1);
  await idle;
  controller.abort();
  await sleeping;
  expect(await two.at(1).call('echo', 'c')).toBe('c');
  expect({ started, died }).toEqual({ started: [1, 0, 1], died: [] });
});
