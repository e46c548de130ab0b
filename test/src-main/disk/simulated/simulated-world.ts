import { Merkle } from '#main/core/content/merkle.ts';
import { ReceiveDisk } from '#main/disk/receive/receive-disk.ts';
import type { ReceiveWorld, SyncPolicy } from '#main/disk/receive/receive-world.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { KiB } from '#shared/units.ts';
import type { CutStyle } from './power-cut.ts';
import { SimulatedDisk } from './simulated-disk.ts';

/** Repeatable numbers 0 ≤ x < 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A machine with a simulated disk on which receiving programs are started, killed and cut from power. */
export class SimulatedMachine {
  readonly disk: SimulatedDisk;
  readonly random: () => number;
  mark: ReceiveWorld['mark'] = null;
  policy: SyncPolicy = { groupBytes: 48 * KiB, groupMs: 1000, reserveBytes: 1000, directFromBytes: Infinity };
  /** The volume of what is received is not mounted. */
  isAway = false;
  /** Systems without a boot id exist. */
  hasBootId = true;
  #boot = 1;
  #writers = 0;
  readonly #running = new Set<string>();
  readonly #timers = new Set<() => void>();

  constructor(seed = 1, disk = new SimulatedDisk()) {
    this.random = seeded(seed);
    this.disk = disk;
  }

  /** Another machine in the same state, its programs killed. */
  fork(seed: number): SimulatedMachine {
    const copy = new SimulatedMachine(seed, this.disk.clone());
    copy.policy = this.policy;
    copy.hasBootId = this.hasBootId;
    copy.#boot = this.#boot;
    copy.#writers = this.#writers;
    return copy;
  }

  /** Token of the program that was started last. */
  get lastWriter(): string {
    return `writer-${this.#writers}`;
  }

  /** Starts a program. */
  start(): ReceiveDisk {
    const token = `writer-${++this.#writers}`;
    this.#running.add(token);
    const bootId = this.hasBootId ? new Uint8Array(16).fill(this.#boot) : null;
    const world: ReceiveWorld = {
      files: this.disk.process(),
      writer: { token, pid: this.#writers, start: null, boot: String(this.#boot) },
      runs: (holder) => this.#running.has(holder.token),
      now: () => 1_800_000_000_000,
      elapsed: () => 0,
      sha256,
      merkle: new Merkle(sha256),
      bootId,
      isAway: () => this.isAway,
      mark: this.mark,
      policy: this.policy,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.random() * 256)),
      random: this.random,
      nextTurn: () => Promise.resolve(),
      later: (_ms, call) => {
        this.#timers.add(call);
        return () => this.#timers.delete(call);
      },
    };
    return new ReceiveDisk(world);
  }

  /** Lets every timer fire. */
  ring(): void {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const call of due) call();
  }

  kill(): void {
    this.disk.kill();
    this.#running.clear();
    this.#timers.clear();
  }

  cutPower(style?: CutStyle): void {
    this.disk.cutPower(this.random, style);
    this.kill();
    this.#boot++;
  }
}

export const openOptions = { signal: new AbortController().signal, onCheck: (): void => undefined };
