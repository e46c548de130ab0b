import type { ContentId } from '#shared/ids.ts';

const shards = 256;

/**
 * A map by content id in many small ones: a map that grows moves all that is in it, which takes a good part of a second for a million.
 * Ids are hashes, so they spread by their first byte.
 */
export class ShardedMap<Value> {
  readonly #maps = Array.from({ length: shards }, () => new Map<ContentId, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: ContentId): Value | undefined {
    return this.#of(id)?.get(id);
  }

  set(id: ContentId, value: Value): void {
    const map = this.#of(id);
    if (map === undefined) return;
    const before = map.size;
    map.set(id, value);
    this.#size += map.size - before;
  }

  delete(id: ContentId): void {
    if (this.#of(id)?.delete(id) === true) this.#size--;
  }

  /** Values from the `from`th on, shard after shard: what lies before is skipped by whole shards, so that no page takes long. */
  page(from: number, most: number): Value[] {
    const values: Value[] = [];
    let skip = from;
    for (const map of this.#maps) {
      if (skip >= map.size) {
        skip -= map.size;
        continue;
      }
      for (const value of map.values()) {
        if (skip-- > 0) continue;
        if (values.length === most) return values;
        values.push(value);
      }
      skip = 0;
    }
    return values;
  }

  #of(id: ContentId): Map<ContentId, Value> | undefined {
    return this.#maps[Number.parseInt(id.slice(0, 2), 16)];
  }
}
