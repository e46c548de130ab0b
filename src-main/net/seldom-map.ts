/**
 * A map that takes no memory while nothing is in it: an empty one of the language takes 220 bytes, and a link has several, mostly empty. What is
 * looked at while entries come and go is as with the language's own.
 */
export class SeldomMap<Key, Value> {
  #entries: Map<Key, Value> | null = null;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: Key): Value | undefined {
    return this.#entries?.get(key);
  }

  has(key: Key): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: Key, value: Value): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  /** Whether there was such an entry. */
  delete(key: Key): boolean {
    const was = this.#entries?.delete(key) === true;
    if (this.#entries?.size === 0) this.#entries = null;
    return was;
  }

  clear(): void {
    this.#entries = null;
  }

  /** Entries as they are now: what comes and goes meanwhile changes nothing. */
  entries(): readonly (readonly [Key, Value])[] {
    return this.#entries === null ? [] : [...this.#entries];
  }
}
