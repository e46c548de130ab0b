import { expect, it } from 'vitest';
import { Devices } from '#main/node/peers/devices.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';

const idOf = (number: number): DeviceId => deviceIdOf(new Uint8Array(32).fill(number & 255).fill(number >> 8, 0, 1));

it('remembers no more strangers than it should, those who came by last, and everybody the user has said something of', async () => {
  let now = 0;
  const kept = new Set<string>();
  const gone: DeviceId[] = [];
  const devices = new Devices({
    store: {
      rows: () => Promise.resolve([]),
      put: (_table, key) => { kept.add(key); return Promise.resolve(); },
      delete: (_table, key) => { kept.delete(key); return Promise.resolve(); },
      sync: () => Promise.resolve(),
    },
    now: () => ++now, links: () => ({ get: () => undefined, all: () => [], dial: () => Promise.reject(new Error()), adopt: () => Promise.reject(new Error()), listen: () => Promise.reject(new Error()), onLink: () => undefined, networksChanged: () => undefined, close: () => Promise.resolve() }),
    sourcesOf: () => [], roomsOf: () => new Set(), badPiecesOf: () => undefined, onChange: () => undefined, onGone: (id) => gone.push(id),
  });
  const cameBy = async (number: number): Promise<void> => {
    await devices.linkUp({ remote: { id: idOf(number), name: `Device ${number}`, platform: 'linux', version: '1', listenPort: null } });
    await devices.linkDown(idOf(number));
  };
  for (const number of [0, 1, 2, 3, 4]) await cameBy(number);
  await devices.setTrust(idOf(0), 'paired');
  await devices.setTrust(idOf(1), 'blocked');
  await devices.setAutoAccept(idOf(2), true);
  await devices.setLimits(idOf(3), { down: 100_000 });
  const said = [0, 1, 2, 3].map(idOf);
  const many = limits.peers.strangersKept + 10;
  for (let number = 5; number < 5 + many; number++) await cameBy(number);

  expect(devices.list()).toHaveLength(said.length + limits.peers.strangersKept);
  expect(kept.size).toBe(said.length + limits.peers.strangersKept);
  expect(said.every((id) => devices.get(id) !== undefined)).toBe(true);
  expect(gone).toEqual(Array.from({ length: 11 }, (_, at) => idOf(4 + at)));
});
