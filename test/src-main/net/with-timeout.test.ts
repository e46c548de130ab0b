import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withTimeout } from '#main/net/with-timeout.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

it('fires when the time is over, although nobody keeps the signal and the collector has run', () => {
  const fired = vi.fn();
  withTimeout(new AbortController().signal, 100).addEventListener('abort', fired);
  collectGarbage();
  vi.advanceTimersByTime(99);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledTimes(1);
});

it('fires with the signal that it is given, also after the collector has run, and at once if that has fired', () => {
  const stop = new AbortController();
  const before = withTimeout(stop.signal, 100);
  const fired = vi.fn();
  before.addEventListener('abort', fired);
  collectGarbage();
  stop.abort(new Error('enough'));
  expect(fired).toHaveBeenCalledTimes(1);
  expect(before.reason).toEqual(new Error('enough'));
  expect(withTimeout(stop.signal, 100).aborted).toBe(true);
});

it('says that it was the time', () => {
  const signal = withTimeout(new AbortController().signal, 100);
  vi.advanceTimersByTime(100);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});
