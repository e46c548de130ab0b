import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DeviceId } from '#shared/ids.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import type { Mailboxes } from '#main/bootstrap/mailboxes.ts';
import { RedisMailboxes } from '#main/bootstrap/redis/redis-mailboxes.ts';
import type { RedisSession } from '#main/bootstrap/redis/redis-session.ts';
import { deviceOf } from './registry/things.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const signal: ServerMessage = { type: 'signal', from: deviceOf(1), data: 'hello' };
const relay: ServerMessage = { type: 'relay', from: deviceOf(1), ticket: '1'.repeat(32), at: 'https://a.example.org:47900' };

/** What all servers publish and hear; nothing takes time. */
class Bus {
  readonly #listeners = new Map<object, { readonly channels: readonly string[]; readonly heard: (channel: string, message: string) => void }>();
  readonly said: string[] = [];

  session(): RedisSession & { deaf: boolean } {
    const none = (): Promise<never> => Promise.reject(new Error('not asked for'));
    const session: RedisSession & { deaf: boolean } = {
      deaf: false, run: none, hash: none, keepFirst: none, claim: none,
      subscribe: (channels, heard) => { this.#listeners.set(session, { channels, heard: (...told) => { if (!session.deaf) heard(...told); } }); return Promise.resolve(); },
      publish: async (channel, message) => {
        this.said.push(message);
        await Promise.resolve();
        for (const { channels, heard } of this.#listeners.values()) if (channels.includes(channel)) heard(channel, message);
      },
      close: () => undefined,
    };
    return session;
  }
}

/** One server with the devices that listen there. */
async function server(bus: Bus, ...devices: readonly DeviceId[]) {
  const heard: ServerMessage[] = [];
  const local: Mailboxes = {
    isThere: (to) => devices.includes(to),
    deliver: (to, message) => {
      if (devices.includes(to)) heard.push(message);
      return devices.includes(to);
    },
  };
  const mailboxes = new RedisMailboxes(local, () => Date.now());
  const session = bus.session();
  await mailboxes.begin(session);
  return { mailboxes, heard, session };
}
/** Servers that know each other. */
async function servers(bus: Bus, ...devices: readonly (readonly DeviceId[])[]) {
  const all = await Promise.all(devices.map((each) => server(bus, ...each)));
  await vi.advanceTimersByTimeAsync(1000);
  return all as [Awaited<ReturnType<typeof server>>, Awaited<ReturnType<typeof server>>, Awaited<ReturnType<typeof server>>];
}
/** What it is, if no clock has to move for that. */
async function atOnce(answer: boolean | Promise<boolean>): Promise<boolean | 'later'> {
  let known: boolean | 'later' = 'later';
  void Promise.resolve(answer).then((is) => { known = is; });
  await vi.advanceTimersByTimeAsync(0);
  return known;
}

it('finds a device wherever it listens, and hands it what was said', async () => {
  const [one, two, three] = await servers(new Bus(), [], [deviceOf(2)], [deviceOf(2), deviceOf(3)]);
  expect(await atOnce(one.mailboxes.isThere(deviceOf(2)))).toBe(true);
  expect(two.heard).toEqual([]);
  expect([await atOnce(one.mailboxes.deliver(deviceOf(2), signal)), await atOnce(one.mailboxes.deliver(deviceOf(3), relay))]).toEqual([true, true]);
  expect([two.heard, three.heard]).toEqual([[signal], [signal, relay]]);
});

it('says at once that nobody has a device', async () => {
  const [one] = await servers(new Bus(), [], [], []);
  expect([await atOnce(one.mailboxes.deliver(deviceOf(9), signal)), await atOnce(one.mailboxes.isThere(deviceOf(9)))]).toEqual([false, false]);
  const [alone] = await servers(new Bus(), []);
  expect(await atOnce(alone.mailboxes.deliver(deviceOf(9), signal))).toBe(false);
});

it('waits for servers that it may not know yet, and no longer for those that left or died', async () => {
  const bus = new Bus();
  const first = await server(bus);
  const young = first.mailboxes.isThere(deviceOf(9));
  expect(await atOnce(young)).toBe('later');
  const second = await server(bus, deviceOf(2));
  expect(await atOnce(first.mailboxes.isThere(deviceOf(2)))).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await atOnce(young)).toBe(false);

  second.session.deaf = true;
  const asked = first.mailboxes.isThere(deviceOf(2));
  expect(await atOnce(asked)).toBe('later');
  await vi.advanceTimersByTimeAsync(1000);
  expect(await atOnce(asked)).toBe(false);
  second.session.deaf = false;
  second.mailboxes.lose();
  await vi.advanceTimersByTimeAsync(0);
  expect(await atOnce(first.mailboxes.isThere(deviceOf(2)))).toBe(false);
  const third = await server(bus, deviceOf(3));
  vi.spyOn(third.session, 'publish').mockRejectedValue(new Error('killed'));
  third.session.deaf = true;
  await vi.advanceTimersByTimeAsync(7000);
  expect(await atOnce(first.mailboxes.isThere(deviceOf(3)))).toBe(false);
});

it('answers with no while Redis is away, and leaves what makes no sense', async () => {
  const bus = new Bus();
  const [one, two] = await servers(bus, [], [deviceOf(2)]);
  const channel = 'distrishare:2:mail';
  const stranger = bus.session();
  for (const text of ['', '{', '[]', '{"delivered":"x"}', '{"missing":1}', '{"server":"","is":"here"}', JSON.stringify({ from: 'x', number: 1, to: deviceOf(2), message: { ...relay, at: 'ftp://evil' } })]) await stranger.publish(channel, text);
  expect(two.heard).toEqual([]);
  const waiting = one.mailboxes.deliver(deviceOf(9), signal);
  one.mailboxes.lose();
  expect(await atOnce(waiting)).toBe(false);
  expect([one.mailboxes.isThere(deviceOf(2)), one.mailboxes.deliver(deviceOf(2), signal)]).toEqual([false, false]);
});

it('takes the word of no server twice', async () => {
  const bus = new Bus();
  const [one, two, three] = await servers(bus, [], [], [deviceOf(3)]);
  // Only two answers, and both of the same one.
  three.session.deaf = true;
  const asked = one.mailboxes.isThere(deviceOf(3));
  await vi.advanceTimersByTimeAsync(0);
  const answer = bus.said.findLast((text) => text.includes('missing'));
  const [, name = ''] = /"server":"([^"]+)"/.exec(bus.said[0] ?? '') ?? [];
  await two.session.publish(`distrishare:2:mail:${name}`, answer ?? '');
  expect(await atOnce(asked)).toBe('later');
});
