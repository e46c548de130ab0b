import type { Worker } from 'node:worker_threads';
import { AppError } from '#shared/errors.ts';
import { WorkerCaller, type Calls } from './worker-calls.ts';

/** A fixed number of worker threads, started when first needed and again after one died. */
export class WorkerPool<All extends Calls<string>> {
  readonly #start: (slot: number) => Worker;
  readonly #onDeath: (slot: number) => void;
  readonly #slots: (WorkerCaller<All> | null)[];
  #isClosed = false;

  /** `onDeath`: the thread of a slot ended by itself. */
  constructor(size: number, start: (slot: number) => Worker, onDeath: (slot: number) => void = () => undefined) {
    this.#start = start;
    this.#onDeath = onDeath;
    this.#slots = Array.from({ length: size }, () => null);
  }

  /** The slot with the fewest waiting calls. */
  get idlest(): number {
    let best = 0;
    this.#slots.forEach((caller, slot) => {
      if ((caller?.load ?? 0) < (this.#slots[best]?.load ?? 0)) best = slot;
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

  /** Threads that run now, with their slots. */
  running(): readonly WorkerCaller<All>[] {
    return this.#slots.filter((caller) => caller !== null);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.running().map((caller) => caller.close()));
    this.#slots.fill(null);
  }
}
