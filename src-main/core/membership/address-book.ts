import { formatAddress, type SocketAddress } from '#shared/address.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Millis } from '#shared/units.ts';
import { AddressEntry } from './address-entry.ts';

/**
 * All addresses, and which device each belongs to. Bounded: addresses that nobody proved make room for newer ones,
 * and a device keeps those that were of use last.
 */
export class AddressBook {
  readonly #entries = new Map<string, AddressEntry>();
  readonly #byDevice = new Map<DeviceId, Set<AddressEntry>>();

  get(address: SocketAddress): AddressEntry | undefined {
    return this.#entries.get(formatAddress(address));
  }

  /** The entry of an address, made if there is none; null when the table is full of addresses being dialled. */
  open(address: SocketAddress, now: Millis): AddressEntry | null {
    const known = this.get(address);
    if (known) return known;
    if (this.#unproven() >= limits.discovery.hintsTable && !this.#makeRoom()) return null;
    const entry = new AddressEntry(address, now);
    this.#entries.set(entry.key, entry);
    return entry;
  }

  /** A link tells who is there. Gives the device that was thought to be there before, if another. */
  assign(entry: AddressEntry, id: DeviceId): DeviceId | null {
    if (entry.device === id) return null;
    const before = this.release(entry);
    entry.device = id;
    const addresses = this.#byDevice.get(id) ?? new Set();
    this.#byDevice.set(id, addresses.add(entry));
    if (addresses.size > limits.discovery.addressesPerDevice) {
      const rest = [...addresses].filter((other) => other !== entry);
      const oldest = rest.reduce((least, other) => (other.lastSeen < least.lastSeen ? other : least));
      this.release(oldest);
      this.#entries.delete(oldest.key);
    }
    return before;
  }

  /** The address belongs to nobody any more; gives the device it belonged to. */
  release(entry: AddressEntry): DeviceId | null {
    const before = entry.device;
    if (before === null) return null;
    entry.device = null;
    entry.isProven = false;
    const addresses = this.#byDevice.get(before);
    addresses?.delete(entry);
    if (addresses?.size === 0) this.#byDevice.delete(before);
    return before;
  }

  delete(entry: AddressEntry): void {
    this.release(entry);
    this.#entries.delete(entry.key);
  }

  of(id: DeviceId): Iterable<AddressEntry> {
    return this.#byDevice.get(id) ?? [];
  }

  all(): Iterable<AddressEntry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  #unproven(): number {
    let proven = 0;
    for (const addresses of this.#byDevice.values()) proven += addresses.size;
    return this.#entries.size - proven;
  }

  /** Typed addresses stay longest: a person waits for them. */
  #makeRoom(): boolean {
    let victim: AddressEntry | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.device !== null || entry.isDialling) continue;
      if (victim === null || Number(entry.typed) < Number(victim.typed) || (entry.typed === victim.typed && entry.lastSeen < victim.lastSeen)) victim = entry;
    }
    if (victim) this.#entries.delete(victim.key);
    return victim !== null;
  }
}
