import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomTag } from '#shared/protocol/bootstrap.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import type { Millis } from '#shared/units.ts';
import { Allowances } from '../core/rate/allowances.ts';
import type { Mailboxes } from './mailboxes.ts';
import type { NodeRecord } from './registry/node-record.ts';

/** What listeners are told about: the registry. */
export interface Watched {
  node(deviceId: DeviceId): NodeRecord | undefined;
  members(room: RoomTag): readonly NodeRecord[];
}

interface Listener {
  readonly deviceId: DeviceId;
  readonly network: string;
  readonly send: (message: ServerMessage) => void;
  /** Who changed; null when there were too many. */
  waiting: Set<DeviceId> | null;
}

/** Networks whose allowance is remembered; of others nobody has listened for long. */
const networksKept = 10_000;
const { changesWaiting, toldPerSecond, toldBurst } = limits.bootstrap;

/**
 * Tells listeners what becomes of the nodes of their rooms. A change only notes who changed; `flush` tells the state as it is then, so
 * that many changes of one node cost one message, and a listener that missed too much is told to list again.
 *
 * One change in rooms of a thousand is a thousand messages, and whoever has both the nodes and the listeners would have us do nothing else. So what all listeners
 * of one network are told is bounded; beyond that they wait, and hear the more at once.
 */
export class EventHub implements Mailboxes {
  readonly #watched: Watched;
  readonly #listeners = new Map<DeviceId, Set<Listener>>();
  /** Who changed since the last flush, by the room whose members are to hear of it. */
  readonly #changed = new Map<RoomTag, Set<DeviceId>>();
  /** Those who are to be told something; who waits longest first. */
  readonly #dirty = new Set<Listener>();
  readonly #told = new Allowances(toldPerSecond, toldBurst, networksKept);
  sent = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** `network`: where it listens, as limits count it. Answers with what ends it. */
  listen(deviceId: DeviceId, network: string, send: Listener['send']): () => void {
    const listener: Listener = { deviceId, network, send, waiting: new Set() };
    const same = this.#listeners.get(deviceId) ?? new Set();
    this.#listeners.set(deviceId, same.add(listener));
    return () => {
      same.delete(listener);
      this.#dirty.delete(listener);
      if (same.size === 0 && this.#listeners.get(deviceId) === same) this.#listeners.delete(deviceId);
    };
  }

  isThere(to: DeviceId): boolean {
    return this.#listeners.has(to);
  }

  deliver(to: DeviceId, message: ServerMessage): boolean {
    const listeners = this.#listeners.get(to);
    for (const { send } of listeners ?? []) send(message);
    return listeners !== undefined;
  }

  /** `rooms`: whose members are to hear of it. */
  changed(deviceId: DeviceId, rooms: readonly RoomTag[]): void {
    if (this.#listeners.size === 0) return;
    for (const room of rooms) {
      const changed = this.#changed.get(room);
      if (changed === undefined) this.#changed.set(room, new Set([deviceId]));
      else changed.add(deviceId);
    }
  }

  flush(now: Millis): void {
    for (const [room, changed] of this.#changed) {
      for (const { deviceId } of this.#watched.members(room)) for (const listener of this.#listeners.get(deviceId) ?? []) this.#note(listener, changed);
    }
    this.#changed.clear();
    for (const listener of this.#dirty) {
      const { network, waiting } = listener;
      if (this.#told.take(now, network, 1) > 0) continue;
      this.#dirty.delete(listener);
      listener.waiting = new Set();
      if (waiting === null) listener.send({ type: 'resync' });
      else this.#tell(now, listener, waiting);
      this.sent++;
    }
  }

  #note(listener: Listener, changed: ReadonlySet<DeviceId>): void {
    const { deviceId, waiting } = listener;
    if (waiting === null || (changed.size === 1 && changed.has(deviceId))) return;
    for (const other of changed) {
      if (other !== deviceId) waiting.add(other);
      if (waiting.size <= changesWaiting) continue;
      listener.waiting = null;
      break;
    }
    this.#dirty.add(listener);
  }

  #tell(now: Millis, { deviceId, network, send }: Listener, waiting: ReadonlySet<DeviceId>): void {
    const mine = new Set(this.#watched.node(deviceId)?.rooms);
    const message: Extract<ServerMessage, { type: 'nodes' }> = { type: 'nodes', changed: [], gone: [] };
    let cost = 0;
    for (const other of waiting) {
      const node = this.#watched.node(other);
      const rooms = node?.rooms.filter((room) => mine.has(room)) ?? [];
      if (node === undefined || rooms.length === 0) message.gone.push(other);
      else message.changed.push({ deviceId: other, addresses: [...node.addresses], outside: node.outside, rooms });
      cost += 1 + rooms.length;
    }
    this.#told.charge(now, network, cost);
    send(message);
  }
}
