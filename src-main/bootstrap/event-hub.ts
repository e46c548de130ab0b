import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomTag } from '#shared/protocol/bootstrap.ts';
import type { ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import type { Mailboxes } from './mailboxes.ts';
import type { NodeRecord } from './registry/node-record.ts';

/** What listeners are told about: the registry. */
export interface Watched {
  node(deviceId: DeviceId): NodeRecord | undefined;
  members(room: RoomTag): readonly NodeRecord[];
}

interface Listener {
  readonly send: (message: ServerMessage) => void;
  /** Who changed; null when there were too many. */
  waiting: Set<DeviceId> | null;
}

/**
 * Tells listeners what becomes of the nodes of their rooms. A change only notes who changed; `flush` tells the state as it is then, so
 * that many changes of one node cost one message, and a listener that missed too much is told to list again.
 */
export class EventHub implements Mailboxes {
  readonly #watched: Watched;
  readonly #listeners = new Map<DeviceId, Set<Listener>>();
  readonly #dirty = new Map<Listener, DeviceId>();
  sent = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Answers with what ends it. */
  listen(deviceId: DeviceId, send: Listener['send']): () => void {
    const listener: Listener = { send, waiting: new Set() };
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

  /** To be called while those who are to hear of it are still members of `rooms`. */
  changed(deviceId: DeviceId, rooms: readonly RoomTag[]): void {
    if (this.#listeners.size === 0) return;
    for (const room of rooms) {
      for (const member of this.#watched.members(room)) {
        if (member.deviceId === deviceId) continue;
        for (const listener of this.#listeners.get(member.deviceId) ?? []) {
          if (listener.waiting === null) continue;
          listener.waiting.add(deviceId);
          if (listener.waiting.size > limits.bootstrap.changesWaiting) listener.waiting = null;
          this.#dirty.set(listener, member.deviceId);
        }
      }
    }
  }

  flush(): void {
    for (const [listener, deviceId] of this.#dirty) {
      const { waiting } = listener;
      listener.waiting = new Set();
      listener.send(waiting === null ? { type: 'resync' } : this.#news(deviceId, waiting));
      this.sent++;
    }
    this.#dirty.clear();
  }

  #news(deviceId: DeviceId, waiting: ReadonlySet<DeviceId>): ServerMessage {
    const mine = this.#watched.node(deviceId)?.rooms ?? [];
    const message: Extract<ServerMessage, { type: 'nodes' }> = { type: 'nodes', changed: [], gone: [] };
    for (const other of waiting) {
      const node = this.#watched.node(other);
      const rooms = node?.rooms.filter((room) => mine.includes(room)) ?? [];
      if (node === undefined || rooms.length === 0) message.gone.push(other);
      else message.changed.push({ deviceId: other, addresses: [...node.addresses], outside: node.outside, rooms });
    }
    return message;
  }
}
