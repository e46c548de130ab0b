import type { NodeEvent } from '#shared/api/events.ts';

/** A thing that changes all the time is told this often. */
export const tellEveryMs = 500;

/** The one stream of what happens in a node. A listener that throws does not keep others from hearing. */
export class NodeEvents {
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Somebody listens: what takes work to find out is worth telling. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

/** Lets each thing through at most once in `everyMs`, the latest state last; `together` makes one of a state that is held and the next. */
export class Throttle<Key, Value> {
  readonly #everyMs: number;
  readonly #emit: (value: Value) => void;
  readonly #together: (held: Value, next: Value) => Value;
  readonly #held = new Map<Key, { value: Value | null; readonly timer: NodeJS.Timeout }>();

  constructor(everyMs: number, emit: (value: Value) => void, together: (held: Value, next: Value) => Value = (_held, next) => next) {
    this.#everyMs = everyMs;
    this.#emit = emit;
    this.#together = together;
  }

  push(key: Key, value: Value): void {
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.value = held.value === null ? value : this.#together(held.value, value);
      return;
    }
    this.#emit(value);
    this.#hold(key);
  }

  /** Lets the held state through at once: something ended. */
  flush(key: Key, value: Value): void {
    this.drop(key);
    this.#emit(value);
  }

  /** Says nothing more of it: a thing that is gone must not come back with its last state. */
  drop(key: Key): void {
    const held = this.#held.get(key);
    if (held !== undefined) clearTimeout(held.timer);
    this.#held.delete(key);
  }

  close(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #hold(key: Key): void {
    const timer = setTimeout(() => {
      const held = this.#held.get(key);
      this.#held.delete(key);
      if (held?.value == null) return;
      this.#emit(held.value);
      this.#hold(key);
    }, this.#everyMs);
    this.#held.set(key, { value: null, timer });
  }
}
