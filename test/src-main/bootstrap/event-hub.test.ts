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
  const stop = hub.listen(deviceOf(0), (message) => { heard.push(message); });
  return { registry, hub, heard, stop };
}

it('tells many changes of one node once, as it is at the end', () => {
  const { registry, hub, heard } = watched();
  for (let times = 1; times < 50; times++) registry.register(0, deviceOf(1), said(times, [roomOf(1)]));
  registry.register(0, deviceOf(2), said(2, [roomOf(1)]));
  registry.unregister(deviceOf(2));
  hub.flush();
  hub.flush();
  expect(heard).toEqual([{ type: 'nodes', changed: [{ deviceId: deviceOf(1), addresses: said(49).addresses, outside: said(49).outside, rooms: [roomOf(1)] }], gone: [deviceOf(2)] }]);
});

it('tells who missed too much to list again, and goes on after that', () => {
  const { registry, hub, heard } = watched();
  for (let number = 1; number <= limits.bootstrap.changesWaiting + 1; number++) registry.register(0, deviceOf(number), said(number, [roomOf(1)]));
  hub.flush();
  registry.unregister(deviceOf(5));
  hub.flush();
  expect(heard).toEqual([{ type: 'resync' }, { type: 'nodes', changed: [], gone: [deviceOf(5)] }]);
});

it('tells nobody who has left, or has no room in common', () => {
  const { registry, hub, heard, stop } = watched();
  registry.register(0, deviceOf(1), said(1, [roomOf(2)]));
  hub.flush();
  registry.register(0, deviceOf(1), said(1, [roomOf(1)]));
  stop();
  hub.flush();
  expect(heard).toEqual([]);
});
