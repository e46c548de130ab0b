import { MembershipMachine } from '#main/core/membership/membership-machine.ts';
import type { KnownDevice, MembershipEvent } from '#main/core/membership/membership-events.ts';
import { formatAddress, parseAddress, type SocketAddress } from '#shared/address.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import type { Settings } from '#shared/settings.ts';
import { seeded } from './beacon-world.ts';

export const idOf = (name: string): DeviceId => deviceIdOf(new TextEncoder().encode(name.padEnd(32, '.')));

/** `10.0.0.2:1` as an address. */
export function at(text: string): SocketAddress {
  const address = parseAddress(text);
  if (!address) throw new Error(`no address: ${text}`);
  return address;
}

export interface Dial {
  readonly at: number;
  readonly address: string;
  readonly expect: DeviceId | null;
  readonly isAsked: boolean;
}

/** A membership machine whose dials reach devices (by address) or fail, in virtual time. It checks the machine's promises. */
export class MembershipWorld {
  now = 1_000_000;
  readonly machine: MembershipMachine;
  readonly dials: Dial[] = [];
  readonly changed: DeviceId[] = [];
  /** Who answers where: a device, or the error. What is not listed does not answer. */
  readonly answers = new Map<string, DeviceId | ErrorCode>();
  readonly linked = new Set<DeviceId>();
  /** Those of them whose link could be better. */
  readonly linkedFar = new Set<DeviceId>();
  /** Addresses that lead to a device from afar. */
  readonly far = new Set<string>();
  readonly own: DeviceId = idOf('me');
  /** What addresses on our own network begin with, if we are on one. */
  ownNetwork: string | null = null;
  dialMs = 20;
  maxDials = 0;
  readonly #dialling = new Set<string>();
  readonly #queue: { at: number; run: () => void }[] = [];

  constructor(options: { known?: KnownDevice[]; visibility?: Settings['visibility']; nonce?: string; seed?: number } = {}) {
    this.machine = new MembershipMachine({
      nonce: options.nonce ?? '0'.repeat(16),
      random: seeded(options.seed ?? 1),
      visibility: options.visibility ?? 'everyone',
      known: options.known ?? [],
      now: this.now,
      isBeside: (host) => this.ownNetwork !== null && host.startsWith(this.ownNetwork),
    });
  }

  step(event: MembershipEvent): void {
    this.machine.step(this.now, event, {
      dial: (address, expect, isAsked) => this.#dial(address, expect, isAsked),
      changed: (id) => this.changed.push(id),
    });
  }

  hint(address: string, options: { nonce?: string; tag?: string; source?: 'multicast' | 'mdns' } = {}): void {
    this.step({ type: 'hint', address: at(address), source: options.source ?? 'multicast', nonce: options.nonce ?? '1'.repeat(16), tag: options.tag ?? '00000001' });
  }

  /** A device has linked to us, and names an address as its own. */
  link(id: DeviceId, address: SocketAddress | null, isNear: boolean, dialled = false): void {
    this.linked.add(id);
    if (isNear) this.linkedFar.delete(id);
    else this.linkedFar.add(id);
    this.step({ type: 'link-up', id, address, dialled, isNear });
  }

  drop(id: DeviceId, left = false): void {
    this.linked.delete(id);
    this.linkedFar.delete(id);
    this.step({ type: 'link-down', id, left });
  }

  run(forMs: number): void {
    const until = this.now + forMs;
    for (;;) {
      this.#queue.sort((a, b) => a.at - b.at);
      const eventAt = this.#queue[0]?.at ?? Infinity;
      const wake = this.machine.nextWake() ?? Infinity;
      const next = Math.min(eventAt, wake);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      if (eventAt <= wake) this.#queue.shift()?.run();
      else this.step({ type: 'tick' });
    }
    this.now = until;
  }

  dialsTo(address: string): Dial[] {
    return this.dials.filter((dial) => dial.address === address);
  }

  #dial(address: SocketAddress, expect: DeviceId | null, isAsked: boolean): void {
    const key = formatAddress(address);
    if (this.#dialling.has(key)) throw new Error(`dialled twice at once: ${key}`);
    this.#dialling.add(key);
    this.maxDials = Math.max(this.maxDials, this.#dialling.size);
    this.dials.push({ at: this.now, address: key, expect, isAsked });
    this.#queue.push({
      at: this.now + this.dialMs,
      run: () => {
        this.#dialling.delete(key);
        const answer = this.answers.get(key) ?? 'not-reachable';
        if (answer === this.own) this.step({ type: 'dial-failed', address, code: 'self-dial' });
        else if (!answer.includes('-') || answer.length < 60) this.step({ type: 'dial-failed', address, code: answer as ErrorCode });
        else this.#reached(address, answer as DeviceId, expect);
      },
    });
  }

  #reached(address: SocketAddress, id: DeviceId, expect: DeviceId | null): void {
    if (expect !== null && expect !== id) {
      this.step({ type: 'dial-failed', address, code: 'identity-changed', there: id });
      return;
    }
    const isNear = !this.far.has(formatAddress(address));
    // A better link takes the place of the old one, which ends just before.
    if (isNear && this.linkedFar.has(id)) this.drop(id);
    if (!this.linked.has(id)) this.link(id, address, isNear, true);
    this.step({ type: 'dial-succeeded', address, id });
  }
}
