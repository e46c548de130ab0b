/** A running hash of a history, 64 bits in two lanes: two runs with the same value went the same way. Not for security. */
export class HistoryHash {
  #left = 0x811c9dc5 | 0;
  #right = 0x9e3779b9 | 0;

  /** Adds one number of 32 bits. */
  add(word: number): void {
    const left = Math.imul(this.#left ^ word, 0x85ebca6b);
    const right = Math.imul(this.#right + word, 0xc2b2ae35);
    this.#left = left ^ (left >>> 15);
    this.#right = right ^ (right >>> 13) ^ left;
  }

  addEvent(time: number, kind: number, first: number, second: number): void {
    this.add(time | 0);
    this.add(kind);
    this.add(first);
    this.add(second);
  }

  /** Sixteen hexadecimal digits. */
  toString(): string {
    return [this.#left, this.#right].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
