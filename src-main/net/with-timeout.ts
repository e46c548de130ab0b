import type { Millis } from '#shared/units.ts';

/**
 * A signal that fires with `signal`, and at the latest after `ms`. Not with `AbortSignal.timeout`: in Node 20 a signal made of others does not keep them, so that one is
 * collected, and whoever waits does so for ever. Here the timer keeps it.
 */
export function withTimeout(signal: AbortSignal, ms: Millis): AbortSignal {
  const late = new AbortController();
  setTimeout(() => { late.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')); }, ms).unref();
  return AbortSignal.any([signal, late.signal]);
}
