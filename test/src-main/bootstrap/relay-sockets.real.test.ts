import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { limits } from '#shared/limits.ts';
import { KiB, MiB, second } from '#shared/units.ts';
import { deviceOf } from './registry/things.ts';
import { RelayEnds } from './relay-ends.ts';

const [ann, ben] = [deviceOf(1), deviceOf(2)];
const ticket = '1'.repeat(32);
const { relayBufferBytes, relayMessageBytes, relayPingMs, relaySilenceMs, relayWaitMs } = limits.bootstrap;

let ends: RelayEnds;
beforeEach(() => { ends = new RelayEnds(); });
afterEach(() => { ends.close(); vi.useRealTimers(); });

const closing = async (socket: WebSocket): Promise<{ code: unknown; reason: string }> => {
  const [code, reason] = (await once(socket, 'close')) as unknown[];
  return { code, reason: String(reason) };
};

/** Counts what comes. */
function reading(socket: WebSocket): { bytes: number } {
  const heard = { bytes: 0 };
  socket.on('message', (data: Buffer) => { heard.bytes += data.length; });
  return heard;
}

describe('a reader that does not read', () => {
  it.each([64 * KiB, 1 * MiB])('stops who sends to it, with little kept in between, until it reads (messages of %d bytes)', async (bytes) => {
    const [first, second] = await ends.joined(ann, ben);
    second.device.pause();
    // More than all buffers of the system between them take.
    const total = 48 * MiB;
    for (let sent = 0; sent < total; sent += bytes) first.device.send(Buffer.alloc(bytes));
    await expect.poll(() => first.server.isPaused).toBe(true);
    expect(second.server.bufferedAmount).toBeLessThan(relayBufferBytes + relayMessageBytes + 64 * KiB);
    expect(ends.relays.bytes).toBeLessThan(total);
    expect(first.device.bufferedAmount).toBeGreaterThan(0);
    // The other direction goes on.
    second.device.send(Buffer.from('back'));
    expect(String((await once(first.device, 'message'))[0])).toBe('back');
    const heard = reading(second.device);
    second.device.resume();
    await expect.poll(() => heard.bytes).toBe(total);
    expect(first.server.isPaused).toBe(false);
  });
});

it('reads nothing of who waits until the other one comes, and loses nothing of it', async () => {
  const first = await ends.open(ann, { ticket, to: ben });
  expect(ends.told).toEqual([[ben, { type: 'relay', from: ann, ticket }]]);
  expect(first.server.isPaused).toBe(true);
  const total = 8 * MiB;
  for (let sent = 0; sent < total; sent += 1 * MiB) first.device.send(Buffer.alloc(1 * MiB));
  const second = await ends.open(ben, { ticket });
  const heard = reading(second.device);
  await expect.poll(() => heard.bytes).toBe(total);
});

it('closes who waits when nobody comes in time, and gives the place to another', async () => {
  const first = await ends.open(ann, { ticket, to: ben });
  first.device.send(Buffer.alloc(100));
  ends.now = relayWaitMs - 1;
  ends.relays.look();
  expect(ends.relays.size).toBe(1);
  ends.now = relayWaitMs;
  const closed = closing(first.device);
  ends.relays.look();
  expect(await closed).toEqual({ code: 1001, reason: 'nobody came' });
  expect(ends.relays.size).toBe(0);
  await expect(ends.admit(ben, { ticket })).rejects.toThrow('not-found');
});

describe('an end of which nothing is heard', () => {
  const after = (ms: number): void => { ends.now += ms; ends.relays.look(); };

  it('is asked whether it is there, and stays as long as it answers', async () => {
    const [first, second] = await ends.joined(ann, ben);
    for (let times = 0; times < 8; times++) {
      const answers = Promise.all([once(first.server, 'pong'), once(second.server, 'pong')]);
      after(relayPingMs + 1);
      await answers;
    }
    expect(ends.now).toBeGreaterThan(relaySilenceMs);
    expect(first.device.readyState).toBe(first.device.OPEN);
  });

  it('is cut when it does not answer, and the other end is told', async () => {
    const [first] = await ends.joined(ann, ben, { autoPong: false });
    const closed = closing(first.device);
    // The one that is there goes on saying so.
    for (let times = 0; ends.now <= relaySilenceMs; times++) {
      const answer = once(first.server, 'pong');
      after(relayPingMs + 1);
      await answer;
    }
    expect(await closed).toEqual({ code: 1001, reason: 'gone' });
    await expect.poll(() => ends.relays.size).toBe(0);
  });

  it('is cut when it takes nothing of what waits for it, even when both do so', async () => {
    const [first, second] = await ends.joined(ann, ben);
    for (const { device } of [first, second]) device.pause();
    for (let sent = 0; sent < 48 * MiB; sent += 1 * MiB) for (const { device } of [first, second]) device.send(Buffer.alloc(1 * MiB));
    await expect.poll(() => first.server.isPaused && second.server.isPaused).toBe(true);
    after(relaySilenceMs);
    expect(ends.relays.size).toBe(1);
    after(1);
    await expect.poll(() => ends.relays.size).toBe(0);
  });
});

it('carries no faster than the operator allows', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  ends.close();
  ends = new RelayEnds({ relayBytesPerSecond: 1 * MiB });
  const [first, reader] = await ends.joined(ann, ben);
  const heard = reading(reader.device);
  for (let sent = 0; sent < 4; sent++) first.device.send(Buffer.alloc(1 * MiB));
  await expect.poll(() => heard.bytes).toBe(2 * MiB);
  expect(first.server.isPaused).toBe(true);
  for (const seconds of [1, 2]) {
    ends.now = seconds * second;
    vi.advanceTimersByTime(1 * second);
    await expect.poll(() => heard.bytes).toBe((2 + seconds) * MiB);
  }
});
