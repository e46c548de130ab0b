import { formatAddress, type SocketAddress } from '#shared/address.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { PeerSource } from '#shared/model/peer.ts';
import { minute, second } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';

/** A device that announces itself does so every 15 to 30 s by multicast and at least every 13 min by mDNS. */
const freshMs = { multicast: 100 * second, mdns: 30 * minute } as const;
const backoffFirstMs = 1 * second;
const backoffMaxMs = 5 * minute;
/** Backoff steps after which the wait has reached its maximum. */
export const failuresAtMaximum = 10;

/** Wait after so many failures in a row, 1 s to 5 min; `jitter` in [0, 1) makes it up to a quarter shorter. */
export function backoffMs(failures: number, jitter: number): Millis {
  return Math.min(backoffMaxMs, backoffFirstMs * 2 ** (Math.min(failures, failuresAtMaximum) - 1)) * (1 - jitter / 4);
}

/** One address and all we know about it. */
export class AddressEntry {
  readonly address: SocketAddress;
  readonly key: string;
  readonly firstHeardAt: Millis;
  readonly seen = new Map<PeerSource, Timestamp>();
  /** Who is there: proven by a dial, or by the word of a device that linked to us. */
  device: DeviceId | null = null;
  isProven = false;
  /** The user typed it in this session: tried whenever its device is not linked. */
  typed = false;
  /** A dial reached ourselves. */
  own = false;
  /** Whoever announces itself there, by its own word. */
  nonce: string | null = null;
  /** A dial did not better the link to its device: not tried for that again before something has changed. */
  isNoBetter = false;
  /** On our own network, where the device is only said to be that is linked from afar: to be dialled once. */
  isSaidNear = false;
  dialledAt: Millis | null = null;
  failures = 0;
  /** Not dialled before. */
  nextAt: Millis;
  readonly #tags = new Map<PeerSource, string>();
  #freshUntil: Millis = -Infinity;

  constructor(address: SocketAddress, now: Millis) {
    this.address = address;
    this.key = formatAddress(address);
    this.firstHeardAt = now;
    this.nextAt = now;
  }

  get isDialling(): boolean {
    return this.dialledAt !== null;
  }

  /** Whether somebody announces itself there now. */
  isFresh(now: Millis): boolean {
    return now < this.#freshUntil;
  }

  get lastSeen(): Timestamp {
    return Math.max(-Infinity, ...this.seen.values());
  }

  /** Notes an announcement; true when it says something new (another program, or "try again"). */
  announced(now: Millis, source: 'multicast' | 'mdns', nonce: string, tag: string): boolean {
    const isNews = this.nonce !== nonce || this.#tags.get(source) !== tag;
    this.nonce = nonce;
    this.#tags.set(source, tag);
    this.#freshUntil = Math.max(this.#freshUntil, now + freshMs[source]);
    return isNews;
  }

  left(): void {
    this.#freshUntil = -Infinity;
  }
}
