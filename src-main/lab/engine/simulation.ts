import { EventWheel, type Micros, type TimerHandle } from './event-wheel.ts';
import { HistoryHash } from './history-hash.ts';
import { RandomStream } from './random-stream.ts';

export type EventKind = number;
export type EventHandler = (first: number, second: number) => void;

/**
 * One run: a virtual clock, the queue of what is to happen, seeded random streams, and a hash of everything that happened.
 * The parts of a simulated world register what they handle and get the event's two numbers; nothing else connects them to
 * time or chance, so one seed has one history.
 */
export class Simulation {
  readonly seed: number;
  readonly history = new HistoryHash();
  readonly #wheel = new EventWheel();
  readonly #handlers: EventHandler[] = [];
  #events = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  get now(): Micros {
    return this.#wheel.now;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  get pending(): number {
    return this.#wheel.pending;
  }

  on(handler: EventHandler): EventKind {
    return this.#handlers.push(handler) - 1;
  }

  random(name: string): RandomStream {
    return new RandomStream(this.seed, name);
  }

  at(time: Micros, kind: EventKind, first = 0, second = 0): TimerHandle {
    return this.#wheel.schedule(time, kind, first, second);
  }

  after(delay: Micros, kind: EventKind, first = 0, second = 0): TimerHandle {
    return this.#wheel.schedule(this.#wheel.now + Math.max(0, delay), kind, first, second);
  }

  cancel(handle: TimerHandle): boolean {
    return this.#wheel.cancel(handle);
  }

  /** Makes the next event happen, if it is not later than `until`. */
  next(until: Micros = Infinity): boolean {
    const wheel = this.#wheel;
    if (!wheel.next(until)) return false;
    this.#events++;
    const { kind, first, second } = wheel;
    this.history.addEvent(wheel.now, kind, first, second);
    this.#handlers[kind]?.(first, second);
    return true;
  }

  /** Runs until nothing is left to happen, `until` has come, or `stop` says so. */
  run(until: Micros = Infinity, stop: () => boolean = () => false): void {
    while (!stop() && this.next(until));
  }
}
