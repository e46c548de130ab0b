import { expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { KiB, MiB } from '#shared/units.ts';
import { RelayFlow } from '#main/bootstrap/registry/relay-flow.ts';
import { TokenBucket } from '#main/core/rate/token-bucket.ts';

const { relayBufferBytes } = limits.bootstrap;

it('reads no further when as much waits as may, and again when half of it has gone', () => {
  const flow = new RelayFlow(null);
  const message = 10 * KiB;
  let taken = 0;
  for (; flow.holdMs(0) === 0; taken++) flow.taken(0, message);
  expect(taken * message).toBeGreaterThan(relayBufferBytes - message);
  expect(taken * message).toBeLessThan(relayBufferBytes + message);
  let waiting = taken;
  for (; flow.holdMs(0) === Infinity; waiting--) flow.written(message);
  expect(waiting * message).toBeLessThanOrEqual(relayBufferBytes / 2);
  expect(waiting * message).toBeGreaterThan(relayBufferBytes / 2 - 2 * message);
  for (; waiting > 0; waiting--) flow.written(message);
  expect(flow.isWaiting).toBe(false);
});

it.each([0, 1])('counts what messages of %d bytes take besides', (bytes) => {
  const flow = new RelayFlow(null);
  let taken = 0;
  for (; taken < 1_000_000 && flow.holdMs(0) === 0; taken++) flow.taken(0, bytes);
  expect(taken).toBeLessThan(relayBufferBytes / 256);
});

it('carries as much in a second as it may, of both directions together', () => {
  const bucket = new TokenBucket(1 * MiB, 1 * MiB, 0);
  const [there, back] = [new RelayFlow(bucket), new RelayFlow(bucket)];
  let carried = 0;
  for (let now = 0; now < 10_000; now += 10) {
    for (const flow of [there, back]) {
      if (flow.holdMs(now) > 0) continue;
      flow.taken(now, 64 * KiB);
      flow.written(64 * KiB);
      carried += 64 * KiB;
    }
  }
  expect(carried).toBeGreaterThan(10 * MiB);
  expect(carried).toBeLessThan(11.2 * MiB);
  there.taken(10_000, 8 * MiB);
  there.written(8 * MiB);
  expect(back.holdMs(10_000)).toBeGreaterThan(6000);
  expect(back.holdMs(10_000)).toBeLessThan(8001);
});
