/**
 * A set of piece indices, one bit each, most significant bit first (BEP 3's layout). Counts its members, so that
 * "is it complete" costs nothing.
 */
export class Bitfield {
  readonly length: number;
  readonly bytes: Uint8Array;
  #count = 0;

  /** `bytes` is copied; bits past `length` are cleared. Shorter input reads as zeros. */
  constructor(length: number, bytes?: Uint8Array) {
    this.length = length;
    this.bytes = new Uint8Array(Math.ceil(length / 8));
    if (bytes === undefined) return;
    this.bytes.set(bytes.subarray(0, this.bytes.length));
    const spare = this.bytes.length * 8 - length;
    const last = this.bytes.length - 1;
    if (spare > 0) this.bytes[last] = (this.bytes[last] ?? 0) & (0xff << spare);
    for (let byte of this.bytes) for (; byte !== 0; byte &= byte - 1) this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  /** Returns whether it was new. */
  add(index: number): boolean {
    if (index < 0 || index >= this.length || this.has(index)) return false;
    this.bytes[index >> 3] = (this.bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count++;
    return true;
  }

  /** Returns whether it was there. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    this.bytes[index >> 3] = (this.bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }
}
