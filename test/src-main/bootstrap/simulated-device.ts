import type { DeviceId } from '#shared/ids.ts';
import type { EntriesRequest } from '#shared/protocol/bootstrap.ts';
import type { RandomStream } from '#main/lab/engine/random-stream.ts';
import type { Registry } from '#main/bootstrap/registry/registry.ts';
import { deviceOf, entryOf, roomOf, said } from './registry/things.ts';

const contents = 2000;

/** A device that shares now this and now that, and tells it to whichever server it comes to: what changed where that server has the list from before, else all of it, in parts. */
export class SimulatedDevice {
  readonly id: DeviceId;
  readonly #random: RandomStream;
  #list = new Map<number, string>();
  #revision = 'none';
  /** What it shared at each revision. */
  readonly #lists = new Map<string, ReadonlyMap<number, string>>();
  /** What is still to be told of a list that it has begun to tell. */
  #parts: EntriesRequest[] = [];

  constructor(number: number, random: RandomStream) {
    this.id = deviceOf(number);
    this.#random = random;
  }

  /** Asks something of this server, at once. */
  comeTo(registry: Registry, now: number): void {
    const random = this.#random;
    if (registry.node(this.id) === undefined || random.below(10) < 3) registry.register(now, this.id, said(random.below(9), [roomOf(random.below(3))]));
    else if (random.below(10) === 0) registry.unregister(this.id);
    else registry.announce(this.id, this.#next(registry.node(this.id)?.revision ?? null));
  }

  /** Null where the server does not vouch for the list, and where it rightly does. */
  wrongIn(registry: Registry): string | null {
    const node = registry.node(this.id);
    const list = this.#lists.get(node?.revision ?? '');
    if (node === undefined || list === undefined) return null;
    const expected = Array.from(list, ([number, name]) => `${entryOf(number).contentId} ${name}`).sort().join();
    const found = Array.from(node.listings.values(), (listing) => `${listing.contentId} ${node.entryOf(listing).name}`).sort().join();
    return found === expected ? null : `${this.id} has at ${node.revision} ${found}, not ${expected}`;
  }

  #next(known: string | null): EntriesRequest {
    const random = this.#random;
    const part = this.#parts.shift();
    if (part !== undefined) return part;
    const before = this.#revision;
    const add = Array.from({ length: random.below(random.below(100) === 0 ? 1500 : 4) }, () => [random.below(contents), `name ${random.below(3)}.txt`] as const);
    const remove = new Set([...this.#list.keys()].filter(() => random.below(5) === 0));
    this.#list = new Map([...[...this.#list].filter(([number]) => !remove.has(number)), ...add]);
    for (const [number] of add) remove.delete(number);
    this.#revision = `r${this.#lists.size}`;
    this.#lists.set(this.#revision, this.#list);
    if (known === before) return { reset: false, add: add.map(([number, name]) => entryOf(number, name)), remove: Array.from(remove, (number) => entryOf(number).contentId), base: before, revision: this.#revision };
    const all = Array.from(this.#list, ([number, name]) => entryOf(number, name));
    const size = 1 + random.below(Math.max(all.length, 1));
    const count = Math.max(1, Math.ceil(all.length / size));
    const name = (at: number): string => (at === count - 1 ? this.#revision : `${this.#revision}/${at}`);
    const [first, ...rest] = Array.from({ length: count }, (_, at): EntriesRequest => ({ reset: at === 0, add: all.slice(at * size, (at + 1) * size), remove: [], ...(at === 0 ? {} : { base: name(at - 1) }), revision: name(at) }));
    // Another list may be begun before this one is told.
    this.#parts = random.below(8) === 0 ? [] : rest;
    if (first === undefined) throw new RangeError('a list has a first part');
    return first;
  }
}
