import type { Worker } from 'node:worker_threads';
import { AppError } from '#shared/errors.ts';
import type { Millis } from '#shared/units.ts';
import { WorkerCaller, type Calls } from './worker-calls.ts';

/** A fixed number of worker threads, started when first needed and again after one died. */
export class WorkerPool<All extends Calls<string>> {
  readonly #start: (slot: number) => Worker;
  readonly #onDeath: (slot: number) => void;
  readonly #slots: (WorkerCaller<All> | null)[];
  /** What `calls` of each slot's thread was at the last look. */
  readonly #callsSeen: number[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** `onDeath`: the thread of a slot ended by itself. */
  constructor(size: number, start: (slot: number) => Worker, onDeath: (slot: number) => void = () => undefined) {
    this.#start = start;
    this.#onDeath = onDeath;
    this.#slots = Array.from({ length: size }, () => null);
  }

  get size(): number {
    return this.#slots.length;
  }

  /** The slot with the fewest waiting calls, whether its thread runs or not. */
  get idlest(): number {
    let best = 0;
    this.#slots.forEach((caller, slot) => {
      if ((caller?.load ?? 0) < (this.#slots[best]?.load ?? 0)) best = slot;
    });
    return best;
  }

  /** The slot with the fewest waiting calls among those whose threads run; some slot when none does. */
  get idlestRunning(): number {
    let best = 0;
    this.#slots.forEach((caller, slot) => {
      if (caller !== null && caller.load < (this.#slots[best]?.load ?? Infinity)) best = slot;
    });
    return best;
  }

  /** The thread of a slot. Throws `cancelled` after `close`. */
  at(slot: number): WorkerCaller<All> {
    if (this.#isClosed) throw new AppError('cancelled');
    const known = this.#slots[slot];
    if (known !== null && known !== undefined) return known;
    const caller = new WorkerCaller<All>(this.#start(slot), () => {
      this.#slots[slot] = null;
      this.#onDeath(slot);
    });
    this.#slots[slot] = caller;
    return caller;
  }

  /** Ends threads that had nothing to do for this long, or twice as long: each costs some ten megabytes. Only for threads that keep nothing. */
  endIdleAfter(ms: Millis): void {
    this.#sweeper = setInterval(() => {
      this.#slots.forEach((caller, slot) => {
        if (caller === null) return;
        if (caller.load > 0 || caller.calls !== this.#callsSeen[slot]) {
          this.#callsSeen[slot] = caller.calls;
          return;
        }
        this.#slots[slot] = null;
        void caller.close();
      });
    }, ms).unref();
  }

  /** Threads that run now, with their slots. */
  running(): readonly WorkerCaller<All>[] {
    return this.#slots.filter((caller) => caller !== null);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    await Promise.all(this.running().map((caller) => caller.close()));
    this.#slots.fill(null);
  }
}
