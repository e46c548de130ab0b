import type { DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/model/peer.ts';
import type { Settings } from '#shared/settings.ts';
import type { Link } from '../ports/links.ts';

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

  /**
   * Ends links of devices that may not come any more. Whom somebody here asks for (an address that was typed in this session, a
   * device that a server found for us) is dialled again.
   */
  showOut(links: Iterable<Link>): void {
    for (const link of [...links]) if (!this.mayLink(link.remote.id)) link.close({ code: 'refused' });
  }

  /** Whether there is always room for it: strangers cost nothing, and must not take the places of those we know. */
  isExpected(id: DeviceId): boolean {
    const { trustOf, rooms } = this.#ports;
    return trustOf(id) === 'paired' || rooms.knows(id);
  }
}
