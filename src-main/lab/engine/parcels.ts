/** Something on its way: a message, a block, a job of a disk. A number while it is in use, given out again afterwards. */
export type Parcel = number;

const stride = 8;
export const noParcel: Parcel = -1;
const none = -1;

/**
 * Storage for what is on its way: per parcel what it is, where it goes, four numbers that only its owner understands, and
 * the parcel behind it in a queue. Grows as needed; nothing is allocated per parcel.
 */
export class Parcels {
  #fields = new Int32Array(256 * stride);
  #payloads: (Uint8Array | null)[] = [];
  #capacity = 256;
  #free: Parcel[] = [];
  #used = 0;

  /** `type` and `route` are the owner's; `life` marks which life of the route it belongs to. */
  take(type: number, route: number, life: number, a = 0, b = 0, c = 0, d = 0): Parcel {
    const parcel = this.#free.pop() ?? this.#used++;
    if (parcel === this.#capacity) this.#grow();
    const base = parcel * stride;
    const fields = this.#fields;
    fields[base] = type;
    fields[base + 1] = route;
    fields[base + 2] = life;
    fields[base + 3] = a;
    fields[base + 4] = b;
    fields[base + 5] = c;
    fields[base + 6] = d;
    fields[base + 7] = noParcel;
    return parcel;
  }

  release(parcel: Parcel): void {
    if (this.#payloads[parcel] !== undefined) this.#payloads[parcel] = null;
    this.#free.push(parcel);
  }

  get inUse(): number {
    return this.#used - this.#free.length;
  }

  attach(parcel: Parcel, payload: Uint8Array): void {
    while (this.#payloads.length <= parcel) this.#payloads.push(null);
    this.#payloads[parcel] = payload;
  }

  payload(parcel: Parcel): Uint8Array | null {
    return this.#payloads[parcel] ?? null;
  }

  type(parcel: Parcel): number { return this.#fields[parcel * stride] ?? none; }
  route(parcel: Parcel): number { return this.#fields[parcel * stride + 1] ?? none; }
  life(parcel: Parcel): number { return this.#fields[parcel * stride + 2] ?? none; }
  a(parcel: Parcel): number { return this.#fields[parcel * stride + 3] ?? none; }
  b(parcel: Parcel): number { return this.#fields[parcel * stride + 4] ?? none; }
  c(parcel: Parcel): number { return this.#fields[parcel * stride + 5] ?? none; }
  d(parcel: Parcel): number { return this.#fields[parcel * stride + 6] ?? none; }
  next(parcel: Parcel): Parcel { return this.#fields[parcel * stride + 7] ?? noParcel; }

  setD(parcel: Parcel, d: number): void {
    this.#fields[parcel * stride + 6] = d;
  }

  setNext(parcel: Parcel, next: Parcel): void {
    this.#fields[parcel * stride + 7] = next;
  }

  #grow(): void {
    this.#capacity *= 2;
    const fields = new Int32Array(this.#capacity * stride);
    fields.set(this.#fields);
    this.#fields = fields;
  }
}
