import { assertNever } from '#shared/assert.ts';
import type { SocketAddress } from '#shared/address.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Settings } from '#shared/settings.ts';
import { second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import { AddressBook } from './address-book.ts';
import { backoffMs, failuresAtMaximum, type AddressEntry } from './address-entry.ts';
import { DeviceTable, knownDevices, type Device } from './device-table.ts';
import { proofDelayMs, scheduleDials } from './dial-schedule.ts';
import { peerSources, type KnownDevice, type MembershipEvent, type MembershipSink, type PeerEntry } from './membership-events.ts';

/**
 * Of two devices that hear each other at the same moment the one with the greater nonce waits this long, so that mostly
 * only one of them dials.
 */
const tieBreakMs = 150;
/** New announcements reset the backoff of an address no more often than this. */
const resetGapMs = 10 * second;
/** A link that ends sooner than this counts as a failure, so that a device that always hangs up is not dialled in a loop. */
const shortLinkMs = 30 * second;
/** After a link broke, both ends wait a random time of this length before they dial. */
const reconnectMs = 500;
const failuresAfterGoodbye = 5;
/** Addresses of an absent device that are tried without any announcement from there, latest first. */
const rememberedTried = 4;
/** Refreshing "last seen" is told this often. */
const seenGapMs = 5 * second;

/**
 * The one peer table, and the decision when to dial which address. Hints say where a device might be; only a link proves
 * which device is where. Every device keeps all the ways it was found.
 *
 * A device that is linked from afar and announces itself on our network is dialled there, since that link is the better one. Where announcements do not get through,
 * it is tried once at each address of its own that lies on our network.
 *
 * Invariants: an address is dialled at most once at a time, never while the device proven to be there has no use for a better link, never when it is our own;
 * at most `limits.discovery.dialsAtOnce` dials at once; tables are bounded; an address with a reason to be dialled is
 * dialled eventually, and after a failure not before its backoff ended unless somebody there announced something new.
 */
export class MembershipMachine {
  readonly #nonce: string;
  readonly #random: () => number;
  readonly #isBeside: (host: string) => boolean;
  readonly #book = new AddressBook();
  readonly #devices = new DeviceTable();
  #visibility: Settings['visibility'];
  #wake: Millis | null = null;
  /** Whether something happened that may change what to dial. */
  #isDirty = true;

  constructor(options: {
    readonly nonce: string;
    readonly random: () => number;
    readonly visibility: Settings['visibility'];
    readonly known: readonly KnownDevice[];
    readonly now: Millis;
    /** Whether an address lies on a network of ours where it would be the best way, as things are now. */
    readonly isBeside: (host: string) => boolean;
  }) {
    this.#nonce = options.nonce;
    this.#isBeside = options.isBeside;
    this.#random = options.random;
    this.#visibility = options.visibility;
    for (const device of options.known.slice(0, knownDevices)) this.#restore(device, options.now);
    this.#wake = this.#devices.size > 0 ? options.now : null;
  }

  step(now: Millis, event: MembershipEvent, out: MembershipSink): void {
    // Hints repeat themselves all day; only those that say something new are worth a look at the whole table.
    if (event.type !== 'hint' && event.type !== 'tick') this.#isDirty = true;
    switch (event.type) {
      case 'hint': this.#hint(now, event, out); break;
      case 'introduced': this.#introduced(now, event, out); break;
      case 'goodbye': this.#goodbye(now, event.address, event.nonce); break;
      case 'link-up': this.#linkUp(now, event, out); break;
      case 'link-down': this.#linkDown(now, event.id, event.left, out); break;
      case 'dial-succeeded': this.#dialSucceeded(now, event.address, event.id, out); break;
      case 'dial-failed': this.#dialFailed(now, event.address, event.code, event.there ?? null, out); break;
      case 'forget': this.#forget(event.id, out); break;
      case 'trust': {
        const device = this.#devices.get(event.id);
        if (device) device.trust = event.trust;
        break;
      }
      case 'visibility': this.#visibility = event.visibility; break;
      case 'network-changed':
        for (const entry of this.#book.all()) this.#tryAgain(now, entry, this.#random() * second);
        for (const device of this.#devices.all()) {
          device.said.forget();
          // What ended soon may have been the network's doing.
          device.shortLinks = 0;
          this.#lookBeside(now, device, null);
        }
        break;
      case 'tick': break;
      default: assertNever(event);
    }
    if (this.#isDirty || (this.#wake !== null && this.#wake <= now)) this.#schedule(now, out);
  }

  /** When to step with a tick if nothing else happens; null for never. */
  nextWake(): Millis | null {
    return this.#wake;
  }

  device(id: DeviceId): PeerEntry | undefined {
    const device = this.#devices.get(id);
    if (!device) return undefined;
    const sources = [...this.#book.of(id)].flatMap((entry) => [...entry.seen].map(([source, lastSeen]) => ({ source, address: entry.key, lastSeen })));
    return { id, online: device.linkedAt !== null, lastSeen: device.lastSeen, sources: sources.sort((a, b) => b.lastSeen - a.lastSeen) };
  }

  /** Since when a link to it is up; null while there is none. */
  linkedAt(id: DeviceId): Millis | null {
    return this.#devices.get(id)?.linkedAt ?? null;
  }

  /** When somebody last announced itself there; null for never, or when it said that it leaves. */
  announcedAt(address: SocketAddress, now: Millis): Millis | null {
    const entry = this.#book.get(address);
    return entry?.isFresh(now) === true ? Math.max(entry.seen.get('multicast') ?? -Infinity, entry.seen.get('mdns') ?? -Infinity) : null;
  }

  /** Where somebody else announces itself now without being linked, latest first; of each start of a node one address. */
  unlinked(now: Millis): SocketAddress[] {
    const entries = [...this.#book.all()];
    const isHere = (entry: AddressEntry): boolean => this.#devices.isLinked(entry.device);
    const linked = new Set(entries.flatMap((entry) => (isHere(entry) ? entry.nonce : null) ?? []));
    const others = entries.filter((entry) => entry.isFresh(now) && !entry.own && !isHere(entry) && !linked.has(entry.nonce ?? ''));
    const byNonce = new Map(others.sort((a, b) => a.lastSeen - b.lastSeen).map((entry) => [entry.nonce ?? entry.key, entry.address]));
    return [...byNonce.values()].reverse();
  }

  ids(): Iterable<DeviceId> {
    return this.#devices.ids();
  }

  /** What to keep for the next session; at most `knownDevices` devices with `limits.discovery.addressesPerDevice` addresses each. */
  snapshot(): KnownDevice[] {
    return Array.from(this.#devices.all(), ({ id, lastSeen }) => ({
      id,
      lastSeen,
      addresses: [...this.#book.of(id)].map((entry) => ({ ...entry.address, seen: Object.fromEntries(entry.seen) })),
    }));
  }

  /** Addresses in the table; for checks of its bound. */
  get addressCount(): number {
    return this.#book.size;
  }

  #restore(known: KnownDevice, now: Millis): void {
    this.#devices.add(known.id, known.lastSeen);
    for (const { host, port, seen } of known.addresses.slice(0, limits.discovery.addressesPerDevice)) {
      const entry = this.#book.open({ host, port }, now);
      if (!entry) continue;
      for (const source of peerSources) if (seen[source] !== undefined) entry.seen.set(source, seen[source]);
      this.#book.assign(entry, known.id);
      entry.isProven = true;
      entry.nextAt = now + this.#random() * second;
    }
  }

  #hint(now: Millis, event: MembershipEvent & { type: 'hint' }, out: MembershipSink): void {
    if (event.source !== 'address' && event.nonce === this.#nonce) return;
    const isNew = this.#book.get(event.address) === undefined;
    const entry = this.#book.open(event.address, now);
    if (!entry) return;
    if (isNew || !entry.isFresh(now)) this.#isDirty = true;
    const before = entry.seen.get(event.source) ?? -Infinity;
    const nonceBefore = entry.nonce;
    const wasFresh = entry.isFresh(now);
    entry.seen.set(event.source, now);
    if (event.source === 'address') {
      entry.typed = true;
      entry.own = false;
      this.#tryAgain(now, entry, 0);
    } else if (entry.announced(now, event.source, event.nonce, event.tag) && (isNew || now - before >= resetGapMs)) {
      entry.own = false;
      // Another start announces itself where a device was proven: perhaps somebody else has the address now.
      const isOther = entry.isProven && entry.nonce !== nonceBefore;
      if (isOther) entry.isProven = false;
      const isLinked = this.#devices.isLinked(entry.device);
      // A dial has shown what leads there, and whoever is there has not come from elsewhere since.
      if (!(entry.isNoBetter && isLinked && wasFresh && !isOther)) this.#tryAgain(now, entry, isOther && this.#devices.isNear(entry.device) ? proofDelayMs : this.#tieBreak(entry));
    }
    if (entry.device !== null && now - before >= seenGapMs) out.changed(entry.device);
  }

  /** Only a link proves it, so whoever was proven to be there stays. */
  #introduced(now: Millis, { id, address, source }: MembershipEvent & { type: 'introduced' }, out: MembershipSink): void {
    const linked = this.#devices.isLinked(id) ? this.#devices.get(id) : undefined;
    if (linked !== undefined && (linked.isNear || !this.#isBeside(address.host))) return;
    const entry = this.#book.open(address, now);
    if (!entry) return;
    this.#deviceOf(id, now, out);
    // Of two of whom it is only said the first is looked for; if the second one is there, the dial tells.
    if (entry.device !== null && entry.device !== id) return;
    this.#assign(entry, id, out);
    entry.seen.set(source, now);
    if (linked !== undefined) {
      linked.said.tryAt(now, [entry], this.#random);
    } else {
      entry.own = false;
      this.#tryAgain(now, entry, this.#random() * tieBreakMs);
    }
    out.changed(id);
  }

  /** `except`: where its link leads. */
  #lookBeside(now: Millis, device: Device, except: AddressEntry | null): void {
    if (device.linkedAt === null || device.isNear) return;
    device.said.tryAt(now, [...this.#book.of(device.id)].filter((entry) => entry !== except && this.#isBeside(entry.address.host)), this.#random);
  }

  #tieBreak(entry: AddressEntry): Millis {
    return entry.nonce !== null && this.#nonce > entry.nonce ? tieBreakMs : 0;
  }

  #tryAgain(now: Millis, entry: AddressEntry, inMs: Millis): void {
    this.#isDirty = true;
    entry.failures = 0;
    entry.isNoBetter = false;
    entry.nextAt = now + inMs;
  }

  /** A hint as well: it makes us less eager, nothing else. */
  #goodbye(now: Millis, address: SocketAddress, nonce: string): void {
    const entry = this.#book.get(address);
    if (!entry || entry.nonce !== nonce) return;
    entry.left();
    if (entry.device !== null) this.#backOff(now, entry, Math.max(entry.failures, failuresAfterGoodbye));
  }

  #backOff(now: Millis, entry: AddressEntry, failures: number): void {
    entry.failures = failures;
    entry.nextAt = now + backoffMs(failures, this.#random());
  }

  #linkUp(now: Millis, { id, address, dialled, isNear }: MembershipEvent & { type: 'link-up' }, out: MembershipSink): void {
    const device = this.#deviceOf(id, now, out);
    device.linkedAt ??= now;
    device.isNear = isNear;
    device.lastSeen = now;
    const entry = address && this.#book.open(address, now);
    if (entry) {
      entry.failures = 0;
      this.#assign(entry, id, out);
      if (dialled) entry.isProven = true;
      else entry.seen.set('incoming', now);
      // That it takes links at this port is only its word; somebody else may be there (several devices on one machine).
      if (!entry.isProven) entry.nextAt = now + proofDelayMs;
    }
    this.#lookBeside(now, device, entry);
    out.changed(id);
  }

  #linkDown(now: Millis, id: DeviceId, left: boolean, out: MembershipSink): void {
    const device = this.#devices.get(id);
    if (!device || device.linkedAt === null) return;
    device.shortLinks = now - device.linkedAt < shortLinkMs ? device.shortLinks + 1 : 0;
    device.linkedAt = null;
    device.lastSeen = now;
    const failures = left ? failuresAfterGoodbye : device.shortLinks;
    for (const entry of this.#book.of(id)) {
      entry.isSaidNear = false;
      if (failures > 0) this.#backOff(now, entry, failures);
      else this.#reconnect(now, entry);
    }
    out.changed(id);
  }

  #reconnect(now: Millis, entry: AddressEntry): void {
    entry.failures = 0;
    entry.isNoBetter = false;
    entry.nextAt = now + this.#random() * reconnectMs + this.#tieBreak(entry);
  }

  #dialSucceeded(now: Millis, address: SocketAddress, id: DeviceId, out: MembershipSink): void {
    const entry = this.#book.get(address);
    if (!entry?.isDialling) return;
    entry.dialledAt = null;
    entry.isSaidNear = false;
    if (!this.#devices.has(id)) this.#deviceOf(id, now, out);
    this.#assign(entry, id, out);
    entry.isProven = true;
    entry.isNoBetter = this.#devices.isLinked(id) && !this.#devices.isNear(entry.device);
    // Normally the link is up by now; when it ended already, or never comes, this is no reason to dial at once again.
    this.#backOff(now, entry, 1);
    out.changed(id);
  }

  #dialFailed(now: Millis, address: SocketAddress, code: ErrorCode, there: DeviceId | null, out: MembershipSink): void {
    const entry = this.#book.get(address);
    if (!entry?.isDialling) return;
    entry.dialledAt = null;
    entry.isSaidNear = false;
    if (code === 'self-dial' || code === 'identity-changed') {
      entry.own = code === 'self-dial';
      const before = this.#book.release(entry);
      if (before !== null) out.changed(before);
      // Somebody was said to be where somebody else is, of whom that may have been said as well.
      if (there !== null && this.#devices.has(there)) this.#assign(entry, there, out);
    }
    // Whoever refuses will not change its mind within seconds; its next announcement says so if it does. A network that is switched on tells as well.
    const isFinal = code === 'refused' || code === 'blocked' || code === 'version-mismatch' || code === 'network-off';
    const isLinked = this.#devices.isLinked(entry.device);
    this.#backOff(now, entry, isFinal || isLinked ? failuresAtMaximum : entry.failures + 1);
  }

  #forget(id: DeviceId, out: MembershipSink): void {
    if (!this.#devices.delete(id)) return;
    for (const entry of [...this.#book.of(id)]) {
      entry.typed = false;
      this.#book.release(entry);
    }
    out.changed(id);
  }

  #assign(entry: AddressEntry, id: DeviceId, out: MembershipSink): void {
    const before = this.#book.assign(entry, id);
    if (before !== null) out.changed(before);
  }

  #deviceOf(id: DeviceId, now: Millis, out: MembershipSink): Device {
    const known = this.#devices.get(id);
    if (known) return known;
    const device = this.#devices.add(id, now);
    const leastMissed = this.#devices.leastMissed(id);
    if (leastMissed !== null) this.#forget(leastMissed, out);
    return device;
  }

  #schedule(now: Millis, out: MembershipSink): void {
    this.#isDirty = false;
    const wanted: AddressEntry[] = [];
    const dialling: AddressEntry[] = [];
    const linkedNonces = new Set<string>();
    const waitsForPaired = this.#visibility === 'paired' && this.#devices.missesPaired();
    for (const entry of this.#book.all()) {
      if (entry.nonce !== null && this.#devices.isNear(entry.device)) linkedNonces.add(entry.nonce);
      if (entry.isDialling) dialling.push(entry);
      else if (this.#isWanted(now, entry, waitsForPaired)) wanted.push(entry);
      else if (entry.device === null && !entry.typed && !entry.isFresh(now)) this.#book.delete(entry);
    }
    this.#wake = scheduleDials(now, wanted, dialling, linkedNonces, (entry) => {
      entry.dialledAt = now;
      out.dial(entry.address, entry.isFresh(now) || entry.typed ? null : entry.device, entry.typed || isMeant(entry));
    });
  }

  #isWanted(now: Millis, entry: AddressEntry, waitsForPaired: boolean): boolean {
    if (entry.own) return false;
    const device = entry.device === null ? undefined : this.#devices.get(entry.device);
    // What a device only says of itself must not keep others at that address from being linked.
    const mayBetter = device?.isNear === false && (entry.isFresh(now) || entry.isSaidNear) && !entry.isNoBetter;
    if (device && entry.isProven && (device.trust === 'blocked' || (device.linkedAt !== null && !mayBetter))) return false;
    if (entry.typed) return true;
    switch (this.#visibility) {
      case 'hidden': return false;
      // Who is in a room with us is somebody we want to meet.
      case 'paired': if (!isMeant(entry) && (device ? device.trust !== 'paired' : !waitsForPaired)) return false; break;
      case 'everyone': break;
      default: return assertNever(this.#visibility);
    }
    return entry.isFresh(now) || (device !== undefined && (device.linkedAt === null ? this.#isRecent(entry, device.id) : mayBetter));
  }

  #isRecent(entry: AddressEntry, id: DeviceId): boolean {
    let later = 0;
    for (const other of this.#book.of(id)) if (other !== entry && (other.lastSeen > entry.lastSeen || (other.lastSeen === entry.lastSeen && other.key < entry.key))) later++;
    return later < rememberedTried;
  }
}

/** Whether a room or a server has named whoever is to be there. */
const isMeant = ({ seen }: AddressEntry): boolean => seen.has('room') || seen.has('server');
