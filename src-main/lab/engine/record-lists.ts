import { noParcel, Parcels, type Parcel } from './parcels.ts';

/**
 * Many short lists of records, each of a key and three numbers, in the order they were added: made for queues, the oldest
 * is found first. All lists share one store, so that thousands of them stay small and near each other in memory.
 */
export class RecordLists {
  readonly #records = new Parcels();
  /** First and last record of each list. */
  #ends = new Int32Array(64).fill(noParcel);

  /** The record with a key, or `noParcel`. */
  find(list: number, key: number): Parcel {
    let record = this.#first(list);
    while (record !== noParcel && this.#records.a(record) !== key) record = this.#records.next(record);
    return record;
  }

  /** The numbers of a record; they stay readable after `take` until something is added. */
  first(record: Parcel): number { return this.#records.b(record); }
  second(record: Parcel): number { return this.#records.c(record); }
  third(record: Parcel): number { return this.#records.d(record); }

  setThird(record: Parcel, value: number): void {
    this.#records.setD(record, value);
  }

  add(list: number, key: number, first = 0, second = 0, third = 0): void {
    while (2 * list >= this.#ends.length) this.#grow();
    const record = this.#records.take(0, list, 0, key, first, second, third);
    const last = this.#ends[2 * list + 1] ?? noParcel;
    if (last === noParcel) this.#ends[2 * list] = record;
    else this.#records.setNext(last, record);
    this.#ends[2 * list + 1] = record;
  }

  /** Takes the record with a key out and returns it; `noParcel` when there is none. */
  take(list: number, key: number): Parcel {
    let before = noParcel;
    let record = this.#first(list);
    while (record !== noParcel && this.#records.a(record) !== key) {
      before = record;
      record = this.#records.next(record);
    }
    if (record === noParcel) return noParcel;
    const next = this.#records.next(record);
    if (before === noParcel) this.#ends[2 * list] = next;
    else this.#records.setNext(before, next);
    if (next === noParcel) this.#ends[2 * list + 1] = before;
    this.#records.release(record);
    return record;
  }

  clear(list: number): void {
    for (let record = this.#first(list); record !== noParcel;) {
      const next = this.#records.next(record);
      this.#records.release(record);
      record = next;
    }
    if (2 * list >= this.#ends.length) return;
    this.#ends[2 * list] = noParcel;
    this.#ends[2 * list + 1] = noParcel;
  }

  #first(list: number): Parcel {
    return 2 * list < this.#ends.length ? this.#ends[2 * list] ?? noParcel : noParcel;
  }

  #grow(): void {
    const ends = new Int32Array(2 * this.#ends.length).fill(noParcel);
    ends.set(this.#ends);
    this.#ends = ends;
  }
}
