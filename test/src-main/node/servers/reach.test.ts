import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Reach } from '#main/node/servers/reach.ts';
import { formatAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const device = (number: number): DeviceId => deviceIdOf(new Uint8Array(32).fill(number));
const self = device(0);
const attempt = '0123456789abcdef';

/** A node whose servers and links do nothing but note what was wanted of them. */
function node(options: { readonly linked?: readonly DeviceId[]; readonly blocked?: readonly DeviceId[]; readonly friends?: readonly DeviceId[]; readonly isShy?: boolean } = {}) {
  const introduced: string[] = [];
  const dialled: string[] = [];
  const unasked: string[] = [];
  const signals: { to: DeviceId; data: unknown }[] = [];
  let holes = 0;
  const relays: string[] = [];
  const reach = new Reach({
    self,
    servers: {
      signal: (to, data) => { signals.push({ to, data: JSON.parse(data) }); },
      // Nobody ever connects through it.
      outside: (_port, signal) => {
        holes++;
        return new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new AppError('cancelled')); }); });
      },
      relay: () => Promise.reject(new AppError('not-reachable')),
    },
    links: () => ({ get: (id) => (options.linked?.includes(id) === true ? { relay: null } : undefined), adopt: (_stream, { signal }) => new Promise((_, reject) => { signal?.addEventListener('abort', () => { reject(new AppError('cancelled')); }); }), dial: (address, { isAsked }) => { (isAsked === false ? unasked : dialled).push(formatAddress(address)); return new Promise(() => undefined); } }),
    ownAddresses: () => [{ host: '192.168.1.2', port: 47_800 }],
    knownAddresses: () => [],
    introduce: (_id: DeviceId, address: SocketAddress) => { introduced.push(formatAddress(address)); },
    isBlocked: (id) => options.blocked?.includes(id) === true,
    welcome: { mayLink: (id) => options.isShy !== true || options.friends?.includes(id) === true, isExpected: (id) => options.friends?.includes(id) === true },
    now: () => Date.now(), random: () => 0,
    background: (work) => { work.catch(() => undefined); },
  });
  const carrier = (ticket: string) => ({ url: { origin: 'https://relay.example.org' }, client: { relay: (): Promise<Duplex> => { relays.push(ticket); return Promise.resolve(duplexPair()[0]); } } });
  return { reach, introduced, dialled, unasked, signals, relays, carrier, holes: () => holes };
}
const punch = (address: string) => JSON.stringify({ kind: 'punch', attempt, address });

it('calls a device that a server names, with our addresses', () => {
  const { reach, introduced, signals } = node();
  expect(reach.wanted({ deviceId: device(1), addresses: ['10.0.0.7:47800'], outside: '203.0.113.7' }, true)).toBe(true);
  expect(introduced).toEqual(['10.0.0.7:47800', '203.0.113.7:47800']);
  expect(signals).toEqual([{ to: device(1), data: { kind: 'call', addresses: ['192.168.1.2:47800'] } }]);
  reach.close();
});

it('dials who calls, and nobody who is blocked or linked already', () => {
  const call = JSON.stringify({ kind: 'call', addresses: ['10.0.0.7:47800', '127.0.0.1:22', 'nonsense'] });
  const { reach, introduced, unasked: dialled } = node({ linked: [device(2)], blocked: [device(3)] });
  for (const number of [1, 2, 3]) reach.hear(device(number), call);
  expect(dialled).toEqual(['10.0.0.7:47800']);
  // The same through another server is no news.
  reach.hear(device(1), call);
  expect(dialled).toHaveLength(1);
  // Strangers without number would push out of the table of peers whom the user knows.
  for (let number = 4; number < 250; number++) reach.hear(device(number), call);
  expect([dialled.length, introduced.length]).toEqual([8, 0]);
});

it.each(['127.0.0.1:80', '[::1]:80', '0.0.0.0:80', '169.254.1.1:80', '224.1.1.1:10000', '255.255.255.255:80', 'example.org:80', 'nonsense'])('makes no hole towards %s', (address) => {
  const { reach, holes } = node();
  reach.hear(device(1), punch(address));
  expect(holes()).toBe(0);
});

it('does only a few things of each kind at once that strangers want, whatever they send', async () => {
  const { reach, holes, relays, carrier } = node();
  for (const data of ['', '{', '[]', '{"kind":"shout"}', '{"kind":"punch","attempt":"x","address":"203.0.113.7:1"}', JSON.stringify({ kind: 'call', addresses: Array(1000).fill('10.0.0.1:1') })]) reach.hear(device(1), data);
  expect(holes()).toBe(0);
  for (let number = 1; number <= 100; number++) for (let times = 0; times < 3; times++) reach.hear(device(number), punch('203.0.113.7:4000'));
  expect(holes()).toBe(8);
  // Who waits for us at a relay, perhaps with a download that just lost another one, does not wait for those.
  for (let number = 1; number <= 100; number++) reach.met(device(number), `ticket ${number}`, carrier(`ticket ${number}`));
  expect(relays).toHaveLength(8);
  // Whoever took a place does not keep it.
  await vi.advanceTimersByTimeAsync(25_000);
  reach.hear(device(101), punch('203.0.113.7:4000'));
  reach.met(device(101), 'ticket', carrier('ticket'));
  expect([holes(), relays.length]).toEqual([9, 9]);
});

it('does what those want whom we know, or who are in a room of ours as a server says, whatever strangers keep it busy with', () => {
  const { reach, holes, relays, carrier, unasked, dialled } = node({ friends: [device(201)] });
  reach.wanted({ deviceId: device(202), addresses: [], outside: '203.0.113.7' }, true);
  const call = (number: number): string => JSON.stringify({ kind: 'call', addresses: [`10.0.0.${number}:47800`] });
  for (let number = 1; number <= 202; number++) {
    reach.hear(device(number), punch('203.0.113.7:4000'));
    reach.hear(device(number), call(number));
    reach.met(device(number), String(number), carrier(String(number)));
  }
  expect([holes(), relays.slice(8), unasked.slice(8), dialled]).toEqual([10, ['201', '202'], ['10.0.0.201:47800'], ['10.0.0.202:47800']]);
  reach.close();
});

it('shows a stranger nothing while only trusted people may come', () => {
  const { reach, holes, relays, carrier, unasked, signals } = node({ isShy: true, friends: [device(2)] });
  for (const number of [1, 2]) {
    reach.hear(device(number), punch('203.0.113.7:4000'));
    reach.hear(device(number), JSON.stringify({ kind: 'call', addresses: [`10.0.0.${number}:47800`] }));
    reach.met(device(number), String(number), carrier(String(number)));
  }
  expect([holes(), relays, unasked, signals]).toEqual([1, ['2'], ['10.0.0.2:47800'], []]);
  reach.close();
});
