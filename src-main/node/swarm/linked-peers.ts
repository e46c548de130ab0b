import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { SeldomMap } from '../../net/seldom-map.ts';
import type { Link } from '../ports/links.ts';

/** A device that is linked, by the number that the swarm knows it by. */
export interface LinkedPeer {
  readonly number: number;
  readonly link: Link;
  /** Contents whose `join` is being looked at, with what came after it. */
  readonly joining: SeldomMap<string, number[]>;
  /** Contents it takes part in, besides those it was asked to. */
  readonly admitted: SeldomMap<string, true>;
}

/** Devices that are linked, and their numbers. */
export class LinkedPeers {
  readonly #peers = new Map<number, LinkedPeer>();
  readonly #numbers = new Map<DeviceId, number>();
  /** Those of devices that were linked lately are kept, linked longest ago first. */
  readonly #lastNumbers = new Map<DeviceId, number>();
  #next = 1;

  /** A device keeps its number, so that it can go on with what it had begun. */
  add(link: Link): LinkedPeer {
    const number = this.#numberFor(link.remote.id);
    const peer = { number, link, joining: new SeldomMap<string, number[]>(), admitted: new SeldomMap<string, true>() };
    this.#peers.set(number, peer);
    this.#numbers.set(link.remote.id, number);
    return peer;
  }

  /** Its number, when it was linked. */
  remove(id: DeviceId): number | undefined {
    const number = this.#numbers.get(id);
    if (number === undefined) return undefined;
    this.#peers.delete(number);
    this.#numbers.delete(id);
    return number;
  }

  get(number: number): LinkedPeer | undefined {
    return this.#peers.get(number);
  }

  numberOf(id: DeviceId): number | undefined {
    return this.#numbers.get(id);
  }

  idOf(number: number): DeviceId | undefined {
    return this.#peers.get(number)?.link.remote.id;
  }

  /** Undefined when that link is not the device's any more. */
  over(link: Link): LinkedPeer | undefined {
    const peer = this.#peers.get(this.#numbers.get(link.remote.id) ?? 0);
    return peer?.link === link ? peer : undefined;
  }

  #numberFor(id: DeviceId): number {
    const number = this.#lastNumbers.get(id) ?? this.#next++;
    this.#lastNumbers.delete(id);
    this.#lastNumbers.set(id, number);
    for (const oldest of this.#lastNumbers.keys()) {
      if (this.#lastNumbers.size <= limits.link.linksAtOnce) break;
      if (!this.#numbers.has(oldest)) this.#lastNumbers.delete(oldest);
    }
    return number;
  }
}
