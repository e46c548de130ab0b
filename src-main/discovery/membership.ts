import { setMaxListeners } from 'node:events';
import type { SocketAddress } from '#shared/address.ts';
import { errorInfo } from '#shared/errors.ts';
import { isDeviceId, type DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/model/peer.ts';
import type { Settings } from '#shared/settings.ts';
import type { Timestamp } from '#shared/units.ts';
import type { KnownDevice, MembershipEvent, MembershipSink, PeerEntry } from '#main/core/membership/membership-events.ts';
import { MembershipMachine } from '#main/core/membership/membership-machine.ts';
import type { Hint } from './discovery.ts';

export interface MembershipOptions {
  /** The one discovery announces. */
  readonly nonce: string;
  readonly visibility: Settings['visibility'];
  /** Devices of earlier sessions; their trust is told by `setTrust`. */
  readonly known: readonly KnownDevice[];
  /** Links to an address, also to better a link that there is, and says who is there; rejects with an AppError. `expect`, `isAsked`: as in `MembershipSink`. */
  readonly dial: (address: SocketAddress, how: { readonly expect: DeviceId | null; readonly isAsked: boolean }, signal: AbortSignal) => Promise<DeviceId>;
  /** Whether an address lies on a network of ours where it would be the best way to a device, as things are now. */
  readonly isBeside: (host: string) => boolean;
  /** What `peer(id)` gives has changed. */
  readonly onChange: (id: DeviceId) => void;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly now: () => Timestamp;
}

/** The one peer table of a node, which dials by itself. */
export interface Membership {
  hint(hint: Hint): void;
  /** The user typed an address: dialled at once, and again until it works. */
  typed(address: SocketAddress): void;
  /** A device that should be met takes links there, as somebody says who knows it. */
  introduced(id: DeviceId, address: SocketAddress, source: 'room' | 'server'): void;
  goodbye(address: SocketAddress, nonce: string): void;
  /** `address`: where it takes links (for an incoming link its host with the port it names), null if nowhere. `isNear`: there is no better way to it. */
  linkUp(id: DeviceId, address: SocketAddress | null, how: { readonly dialled: boolean; readonly isNear: boolean }): void;
  /** `left`: it said goodbye or we closed the link on purpose. */
  linkDown(id: DeviceId, left: boolean): void;
  setTrust(id: DeviceId, trust: Trust): void;
  setVisibility(visibility: Settings['visibility']): void;
  forget(id: DeviceId): void;
  networkChanged(): void;
  peer(id: DeviceId): PeerEntry | undefined;
  peers(): PeerEntry[];
  /** Since when a link to it is up; null while there is none. */
  linkedAt(id: DeviceId): Timestamp | null;
  /** When somebody last announced itself at an address; null for never, or when it said that it leaves. */
  announcedAt(address: SocketAddress): Timestamp | null;
  /** Where somebody announces itself now without being linked, latest first. */
  unlinked(): SocketAddress[];
  /** What to keep for the next session. */
  snapshot(): KnownDevice[];
  /** Ends dials under way and stops. */
  close(): Promise<void>;
}

/** Starts the peer table and its dials. */
export function createMembership(options: MembershipOptions): Membership {
  const driver = new MembershipDriver(options);
  const step = (event: MembershipEvent): void => driver.step(event);
  return {
    hint: (hint) => step({ type: 'hint', ...hint }),
    typed: (address) => step({ type: 'hint', address, source: 'address' }),
    introduced: (id, address, source) => step({ type: 'introduced', id, address, source }),
    goodbye: (address, nonce) => step({ type: 'goodbye', address, nonce }),
    linkUp: (id, address, how) => step({ type: 'link-up', id, address, ...how }),
    linkDown: (id, left) => step({ type: 'link-down', id, left }),
    setTrust: (id, trust) => step({ type: 'trust', id, trust }),
    setVisibility: (visibility) => step({ type: 'visibility', visibility }),
    forget: (id) => step({ type: 'forget', id }),
    networkChanged: () => step({ type: 'network-changed' }),
    peer: (id) => driver.peer(id),
    peers: () => driver.peers(),
    linkedAt: (id) => driver.linkedAt(id),
    announcedAt: (address) => driver.announcedAt(address),
    unlinked: () => driver.unlinked(),
    snapshot: () => driver.snapshot(),
    close: () => driver.close(),
  };
}

class MembershipDriver {
  readonly #options: MembershipOptions;
  readonly #machine: MembershipMachine;
  readonly #sink: MembershipSink;
  readonly #ending = new AbortController();
  readonly #dials = new Set<Promise<void>>();
  /** Effects of the step under way; carried out after it, because whoever hears of them may step again. */
  #toDial: { address: SocketAddress; expect: DeviceId | null; isAsked: boolean }[] = [];
  #changed = new Set<DeviceId>();
  #wake: NodeJS.Timeout | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
    // Every dial listens, and there are more than the ten that Node takes for a leak.
    setMaxListeners(0, this.#ending.signal);
    this.#machine = new MembershipMachine({ ...options, now: options.now() });
    this.#sink = {
      dial: (address, expect, isAsked) => this.#toDial.push({ address, expect, isAsked }),
      changed: (id) => this.#changed.add(id),
    };
    this.#setTimer();
  }

  step(event: MembershipEvent): void {
    if (this.#ending.signal.aborted) return;
    this.#machine.step(this.#options.now(), event, this.#sink);
    this.#setTimer();
    const [dials, changed] = [this.#toDial, this.#changed];
    this.#toDial = [];
    this.#changed = new Set();
    for (const { address, ...how } of dials) this.#dial(address, how);
    for (const id of changed) this.#options.onChange(id);
  }

  peer(id: DeviceId): PeerEntry | undefined {
    const entry = this.#machine.device(id);
    return entry?.online ? { ...entry, lastSeen: this.#options.now() } : entry;
  }

  peers(): PeerEntry[] {
    return [...this.#machine.ids()].map((id) => this.peer(id)).filter((entry) => entry !== undefined);
  }

  linkedAt(id: DeviceId): Timestamp | null {
    return this.#machine.linkedAt(id);
  }

  announcedAt(address: SocketAddress): Timestamp | null {
    return this.#machine.announcedAt(address, this.#options.now());
  }

  unlinked(): SocketAddress[] {
    return this.#machine.unlinked(this.#options.now());
  }

  snapshot(): KnownDevice[] {
    const now = this.#options.now();
    return this.#machine.snapshot().map((known) => (this.#machine.device(known.id)?.online ? { ...known, lastSeen: now } : known));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    if (this.#wake) clearTimeout(this.#wake);
    await Promise.all(this.#dials);
  }

  #dial(address: SocketAddress, how: Parameters<MembershipOptions['dial']>[1]): void {
    const work: Promise<void> = this.#options.dial(address, how, this.#ending.signal).then(
      (id) => this.step({ type: 'dial-succeeded', address, id }),
      (error: unknown) => {
        const { code, params: { there } = {} } = errorInfo(error);
        this.step({ type: 'dial-failed', address, code, ...(typeof there === 'string' && isDeviceId(there) ? { there } : {}) });
      },
    ).finally(() => this.#dials.delete(work));
    this.#dials.add(work);
  }

  #setTimer(): void {
    if (this.#wake) clearTimeout(this.#wake);
    const wakeAt = this.#machine.nextWake();
    if (wakeAt === null) return;
    this.#wake = setTimeout(() => this.step({ type: 'tick' }), Math.max(0, wakeAt - this.#options.now()));
    this.#wake.unref();
  }
}
