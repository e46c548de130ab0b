import type { DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/model/peer.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { SaidNear } from './said-near.ts';

export const knownDevices = 1024;

export interface Device {
  readonly id: DeviceId;
  trust: Trust;
  /** Since when a link is up; null while there is none. */
  linkedAt: Millis | null;
  /** Whether that link needs no better one. */
  isNear: boolean;
  lastSeen: Timestamp;
  /** Links in a row that ended at once. */
  shortLinks: number;
  readonly said: SaidNear;
}

/** The devices that are known, and which of them are linked. Holds `knownDevices` if whoever adds one forgets `leastMissed`. */
export class DeviceTable {
  readonly #devices = new Map<DeviceId, Device>();

  get size(): number {
    return this.#devices.size;
  }

  get(id: DeviceId): Device | undefined {
    return this.#devices.get(id);
  }

  has(id: DeviceId): boolean {
    return this.#devices.has(id);
  }

  all(): Iterable<Device> {
    return this.#devices.values();
  }

  ids(): Iterable<DeviceId> {
    return this.#devices.keys();
  }

  add(id: DeviceId, lastSeen: Timestamp): Device {
    const device: Device = { id, trust: 'seen', linkedAt: null, isNear: false, lastSeen, shortLinks: 0, said: new SaidNear() };
    this.#devices.set(id, device);
    return device;
  }

  delete(id: DeviceId): boolean {
    return this.#devices.delete(id);
  }

  isLinked(id: DeviceId | null): boolean {
    return (this.#of(id)?.linkedAt ?? null) !== null;
  }

  /** Whether it is linked by a way that cannot be bettered. */
  isNear(id: DeviceId | null): boolean {
    return this.isLinked(id) && this.#of(id)?.isNear === true;
  }

  missesPaired(): boolean {
    for (const device of this.#devices.values()) if (device.trust === 'paired' && device.linkedAt === null) return true;
    return false;
  }

  /** Who of too many is to be forgotten: seen longest ago, of those that are not linked and that the user decided nothing about. */
  leastMissed(except: DeviceId): DeviceId | null {
    if (this.#devices.size <= knownDevices) return null;
    let oldest: Device | null = null;
    for (const device of this.#devices.values()) {
      if (device.id === except || device.linkedAt !== null || device.trust !== 'seen') continue;
      if (oldest === null || device.lastSeen < oldest.lastSeen) oldest = device;
    }
    return oldest?.id ?? null;
  }

  #of(id: DeviceId | null): Device | undefined {
    return id === null ? undefined : this.#devices.get(id);
  }
}
