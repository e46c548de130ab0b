/**
 * Turns what is seen many times a second into what can be read: a verdict stands until another one was seen most of the
 * time for a while. Values are compared by their key.
 */
export class Steady<Value> {
  readonly #keyOf: (value: Value) => string;
  readonly #samples: number;
  readonly #needed: number;
  /** The last `#samples` verdicts, oldest first. */
  readonly #seen: Value[] = [];
  #shown: Value | null = null;

  /** Of the last `samples` values `needed` must agree before they are shown. */
  constructor(keyOf: (value: Value) => string, { samples, needed }: { samples: number; needed: number }) {
    this.#keyOf = keyOf;
    this.#samples = samples;
    this.#needed = needed;
  }

  get shown(): Value | null {
    return this.#shown;
  }

  /** What is shown turned out to be wrong: begins anew. */
  forget(): void {
    this.#shown = null;
    this.#seen.length = 0;
  }

  /** What was seen now; null (nothing to be told) leaves everything as it is. */
  add(value: Value | null): void {
    if (value === null) return;
    this.#seen.push(value);
    if (this.#seen.length > this.#samples) this.#seen.shift();
    const key = this.#keyOf(value);
    if (this.#shown !== null && this.#keyOf(this.#shown) === key) {
      // The same verdict, but what goes with it may have moved on.
      this.#shown = value;
      return;
    }
    const agreeing = this.#seen.reduce((count, each) => count + (this.#keyOf(each) === key ? 1 : 0), 0);
    // The first verdict needs most of what there is; to replace one needs most of the whole time.
    const needed = this.#shown === null ? Math.max(firstAfter, Math.ceil((this.#seen.length * this.#needed) / this.#samples)) : this.#needed;
    if (agreeing < needed) return;
    this.#shown = value;
    // What was seen before counts no more, or two verdicts could take turns quickly.
    this.#seen.length = 0;
  }
}

/** So many samples must agree before anything is said at all. */
const firstAfter = 4;
