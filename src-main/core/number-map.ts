/** More slots than this share of them are never taken: then a look ends after a few. */
const mostTaken = 0.8;
const firstSlots = 64;
/** No key is: zeros are what new memory holds. */
const free = 0;

/**
 * A map from whole numbers to whole numbers, both from 0 to 2⁵³ - 2, for keys that are spread evenly, as digits of hashes are. Each slot
 * takes 16 bytes, which the collector need not look through; a map of the language takes 70 for an entry with numbers of that size.
 */
export class NumberMap {
  /** A key plus one, or `free`; its value lies at the same place. */
  #keys = new Float64Array(firstSlots);
  #values = new Float64Array(firstSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): number | undefined {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === free ? undefined : this.#values[slot];
  }

  set(key: number, value: number): void {
    const slot = this.#slotOf(key);
    this.#values[slot] = value;
    if (this.#keys[slot] !== free) return;
    this.#keys[slot] = key + 1;
    this.#size++;
    if (this.#size > this.#keys.length * mostTaken) this.#grow();
  }

  /** Where the key is, or where it would be put: keys that meet lie one behind the other. */
  #slotOf(key: number): number {
    const slots = this.#keys.length;
    let slot = key % slots;
    while (this.#keys[slot] !== free && this.#keys[slot] !== key + 1) slot = (slot + 1) % slots;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(2 * keys.length);
    this.#values = new Float64Array(2 * keys.length);
    this.#size = 0;
    keys.forEach((key, slot) => { if (key !== free) this.set(key - 1, values[slot] ?? 0); });
  }
}
