import { expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { EventHub } from '#main/bootstrap/event-hub.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import { deviceOf, roomOf, said, wide } from './registry/things.ts';

function watched() {
  const registry = new Registry(wide, {
    nodeChanged: (node, rooms) => { hub.changed(node.deviceId, rooms); }, nodeGone: (node) => { hub.changed(node.deviceId, node.rooms); }, entryAdded: () => undefined, entryRemoved: () => undefined,
  });
  const hub = new EventHub(registry);
  const heard: ServerMessage[] = [];
  registry.register(0, deviceOf(0), said(0, [roomOf(1)]));
  const stop = hub.listen(deviceOf(0), 'home', (message) => { heard.push(message); });
  return { registry, hub, heard, stop };
}

it('tells many changes of one node once, as it is at the end', () => {
  const { registry, hub, heard } = watched();
  for (let times = 1; times < 50; times++) registry.register(0, deviceOf(1), said(times, [roomOf(1)]));
  registry.register(0, deviceOf(2), said(2, [roomOf(1)]));
  registry.unregister(deviceOf(2));
  hub.flush(0);
  hub.flush(0);
  expect(heard).toEqual([{ type: 'nodes', changed: [{ deviceId: deviceOf(1), addresses: said(49).addresses, outside: said(49).outside, rooms: [roomOf(1)] }], gone: [deviceOf(2)] }]);
});

it('tells who missed too much to list again, and goes on after that', () => {
  const { registry, hub, heard } = watched();
  for (let number = 1; number <= limits.bootstrap.changesWaiting + 1; number++) registry.register(0, deviceOf(number), said(number, [roomOf(1)]));
  hub.flush(0);
  registry.unregister(deviceOf(5));
  hub.flush(0);
  expect(heard).toEqual([{ type: 'resync' }, { type: 'nodes', changed: [], gone: [deviceOf(5)] }]);
});

it('tells nobody who has left, or has no room in common', () => {
  const { registry, hub, heard, stop } = watched();
  registry.register(0, deviceOf(1), said(1, [roomOf(2)]));
  hub.flush(0);
  registry.register(0, deviceOf(1), said(1, [roomOf(1)]));
  stop();
  hub.flush(0);
  expect(heard).toEqual([]);
});

it('tells one network no more than it may hear, nobody else later for that, and each the state as it is when its turn comes', () => {
  const { registry, hub, heard } = watched();
  const rooms = Array.from({ length: limits.bootstrap.roomsPerNode }, (_, at) => roomOf(100 + at));
  const crowd = Array.from({ length: 400 }, (_, at) => deviceOf(1000 + at));
  const told = new Map(crowd.map((device) => [device, new Map<string, readonly string[]>()]));
  let messages = 0;
  for (const [at, device] of crowd.entries()) registry.register(0, device, said(at, rooms));
  hub.flush(0);
  for (const device of crowd) {
    hub.listen(device, 'crowd', (message) => {
      messages++;
      if (message.type === 'nodes') for (const { deviceId, addresses } of message.changed) told.get(device)?.set(deviceId, addresses);
    });
  }
  const crowdChanges = (addresses: readonly string[]): void => { for (const device of crowd.slice(0, 20)) registry.register(0, device, { ...said(1, rooms), addresses }); };
  crowdChanges(['10.9.9.9:1']);
  registry.register(0, deviceOf(1), said(1, [roomOf(1)]));
  hub.flush(0);
  expect(heard).toHaveLength(1);
  // Each would hear of twenty nodes with 64 rooms: a node and its rooms count 65.
  const atOnce = Math.ceil(limits.bootstrap.toldBurst / (20 * (1 + rooms.length)));
  expect(messages).toBeGreaterThan(atOnce / 2);
  expect(messages).toBeLessThanOrEqual(atOnce + 1);
  crowdChanges(['10.8.8.8:1']);
  for (let now = 250; now < 60_000; now += 250) hub.flush(now);
  for (const [device, heardOf] of told) for (const other of crowd.slice(0, 20)) if (other !== device) expect(heardOf.get(other)).toEqual(['10.8.8.8:1']);
});
