import type { DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/model/peer.ts';
import type { Settings } from '#shared/settings.ts';

export interface WelcomePorts {
  readonly visibility: () => Settings['visibility'];
  readonly trustOf: (id: DeviceId) => Trust;
  readonly rooms: { knows(id: DeviceId): boolean; mayCome(id: DeviceId): boolean };
}

/** Who may come to this device, whatever way it comes. */
export class Welcome {
  readonly #ports: WelcomePorts;

  constructor(ports: WelcomePorts) {
    this.#ports = ports;
  }

  /** Whether it may be linked by its own wish. */
  mayLink(id: DeviceId): boolean {
    const { visibility, trustOf, rooms } = this.#ports;
    return visibility() === 'everyone' || trustOf(id) === 'paired' || rooms.mayCome(id);
  }

  /** Whether there is always room for it: strangers cost nothing, and must not take the places of those we know. */
  isExpected(id: DeviceId): boolean {
    const { trustOf, rooms } = this.#ports;
    return trustOf(id) === 'paired' || rooms.knows(id);
  }
}
