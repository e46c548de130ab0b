/** Where a row begins; valid until rows are added or removed. */
export type Row = number;
export const noRow: Row = -1;

/**
 * A few rows of whole numbers, found by the first of each; the others are its columns from 1 on. Made for queues: the oldest
 * row is found first. Once it has been as long as it gets, nothing is allocated.
 */
export class NumberRows {
  readonly #width: number;
  readonly #cells: number[] = [];
  #used = 0;

  constructor(width: number) {
    this.#width = width;
  }

  find(key: number): Row {
    const cells = this.#cells;
    for (let row = 0; row < this.#used; row += this.#width) if (cells[row] === key) return row;
    return noRow;
  }

  cell(row: Row, column: number): number {
    return this.#cells[row + column] ?? 0;
  }

  set(row: Row, column: number, value: number): void {
    this.#cells[row + column] = value;
  }

  /** Appends a row of zeros, but for its key. */
  add(key: number): Row {
    const row = this.#used;
    this.#used += this.#width;
    this.#cells[row] = key;
    for (let column = 1; column < this.#width; column++) this.#cells[row + column] = 0;
    return row;
  }

  remove(row: Row): void {
    const cells = this.#cells;
    this.#used -= this.#width;
    for (let at = row; at < this.#used; at++) cells[at] = cells[at + this.#width] ?? 0;
  }
}
