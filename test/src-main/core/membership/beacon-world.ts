import { BeaconMachine, type BeaconEvent } from '#main/core/membership/beacon-machine.ts';
import type { SocketAddress } from '#shared/address.ts';

/** Numbers in [0, 1) from a seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Sent {
  readonly at: number;
  readonly from: string;
  readonly to: SocketAddress | null;
  readonly text: string;
  readonly data: Uint8Array;
}

export interface Noted {
  readonly at: number;
  readonly by: string;
  readonly kind: 'hint' | 'goodbye';
  readonly address: SocketAddress;
  readonly nonce: string;
}

/** Beacon machines on one network in virtual time: what one sends to the group reaches all, itself included. */
export class BeaconWorld {
  now = 1_000_000;
  readonly sent: Sent[] = [];
  readonly noted: Noted[] = [];
  readonly #machines = new Map<string, BeaconMachine>();
  readonly #queue: { at: number; to: string; event: BeaconEvent }[] = [];
  readonly #delayMs: number;
  /** Whether a packet is lost. */
  lost: (from: string, to: string, direct: boolean) => boolean = () => false;

  constructor(delayMs = 1) {
    this.#delayMs = delayMs;
  }

  /** Adds a node with this address and brings its only channel up. Its source port for answers is its TCP port. */
  add(ip: string, options: { visible?: boolean; seed?: number; nonce?: string; port?: number } = {}): BeaconMachine {
    const seed = options.seed ?? this.#machines.size + 1;
    const nonce = options.nonce ?? seed.toString(16).padStart(16, '0');
    const machine = new BeaconMachine({ port: options.port ?? 47800, nonce, random: seeded(seed), visible: options.visible ?? true });
    this.#machines.set(ip, machine);
    this.step(ip, { type: 'channel-up', channel: 'lan', ip });
    return machine;
  }

  step(ip: string, event: BeaconEvent): void {
    this.#machines.get(ip)?.step(this.now, event, {
      send: (_channel, data, to) => {
        this.sent.push({ at: this.now, from: ip, to, text: new TextDecoder().decode(data), data });
        for (const other of to ? [to.host] : this.#machines.keys()) {
          if (this.lost(ip, other, to !== null)) continue;
          this.#queue.push({ at: this.now + this.#delayMs, to: other, event: { type: 'packet', channel: 'lan', from: { host: ip, port: 50_000 }, data } });
        }
      },
      hint: (address, nonce) => this.noted.push({ at: this.now, by: ip, kind: 'hint', address, nonce }),
      goodbye: (address, nonce) => this.noted.push({ at: this.now, by: ip, kind: 'goodbye', address, nonce }),
    });
  }

  /** A packet from nobody in particular. */
  inject(to: string, host: string, data: Uint8Array | string): void {
    this.step(to, { type: 'packet', channel: 'lan', from: { host, port: 40_000 }, data: typeof data === 'string' ? new TextEncoder().encode(data) : data });
  }

  run(forMs: number): void {
    const until = this.now + forMs;
    for (;;) {
      this.#queue.sort((a, b) => a.at - b.at);
      const wakes = [...this.#machines].map(([ip, machine]) => ({ ip, at: machine.nextWake() ?? Infinity })).sort((a, b) => a.at - b.at);
      const packetAt = this.#queue[0]?.at ?? Infinity;
      const wake = wakes[0];
      const at = Math.min(packetAt, wake?.at ?? Infinity);
      if (at > until) break;
      this.now = Math.max(this.now, at);
      const packet = packetAt <= (wake?.at ?? Infinity) ? this.#queue.shift() : undefined;
      if (packet) this.step(packet.to, packet.event);
      else if (wake) this.step(wake.ip, { type: 'tick' });
    }
    this.now = until;
  }

  hints(by: string): Noted[] {
    return this.noted.filter((note) => note.by === by && note.kind === 'hint');
  }
}
