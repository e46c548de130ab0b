import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { closeInTime } from '#main/node/close-in-time.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process, 'kill').mockReturnValue(true);
  vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const log = vi.fn<(what: string, open: unknown) => void>();

it('closes one after the other', async () => {
  const order: string[] = [];
  await closeInTime([async () => { await Promise.resolve(); order.push('first'); }, () => { order.push('second'); return Promise.resolve(); }], 1000, log);
  expect(order).toEqual(['first', 'second']);
});

it('ends a process whose closing does not come to an end', async () => {
  void closeInTime([() => new Promise(() => undefined)], 1000, log);
  await vi.advanceTimersByTimeAsync(999);
  expect(process.kill).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(process.kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGKILL');
  expect(log).toHaveBeenCalledOnce();
});

it('lets nothing that was left open keep the process, and says how it ended as if it had ended by itself', async () => {
  await closeInTime([() => Promise.resolve()], 1000, log);
  await vi.advanceTimersByTimeAsync(1000);
  expect(process.exit).toHaveBeenCalledWith();
});
