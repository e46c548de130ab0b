import type { ContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { NameIndex, type NameFilter } from './name-index.ts';
import type { Listing, NodeRecord } from './node-record.ts';
import { ShardedMap } from './sharded-map.ts';

/** Every announced content: by id, and by the words of its names. */
export class Contents {
  readonly #byId = new ShardedMap<Listing>();
  /** By number in the index. */
  readonly #listings: (Listing | null)[] = [];
  readonly #index = new NameIndex();
  #names = 0;

  /** Distinct contents, distinct names of them, and distinct words in those. */
  get counts(): { contents: number; names: number; tokens: number } {
    return { contents: this.#byId.size, names: this.#names, tokens: this.#index.tokens };
  }

  /** The chain of a content, or null. */
  chain(contentId: ContentId): Listing | null {
    return this.#byId.get(contentId) ?? null;
  }

  /** The node must not hold this content yet. */
  add(node: NodeRecord, entry: Entry): void {
    const head = this.#byId.get(entry.contentId) ?? null;
    let names = 0;
    for (let listing = head; listing !== null; listing = listing.next, names++) {
      if (!sameEntry(listing, entry)) continue;
      hold(node, listing, entry);
      return;
    }
    if (head !== null && names >= limits.bootstrap.namesPerContent) {
      hold(node, head, entry);
      return;
    }
    const { contentId, kind, name, bytes, have = 100 } = entry;
    const listing: Listing = { contentId, kind, name, bytes, number: this.#index.add(entry), holders: [node], leechers: have < 100 ? 1 : 0, next: head };
    this.#listings[listing.number] = listing;
    this.#names++;
    node.list(listing, have);
    this.#byId.set(contentId, listing);
  }

  remove(node: NodeRecord, listing: Listing): void {
    if (node.have(listing.contentId) < 100) listing.leechers--;
    node.unlist(listing.contentId);
    const { holders } = listing;
    const at = holders.indexOf(node);
    const last = holders.pop();
    if (last !== undefined && last !== node) holders[at] = last;
    if (holders.length > 0) return;
    this.#index.remove(listing.number, listing.name);
    this.#listings[listing.number] = null;
    this.#names--;
    this.#unchain(listing);
  }

  /** Listings that pass the filter and have a word for each of `words`, unless there are too many to look at. */
  find(words: readonly string[], filter: NameFilter, most: number): { listings: Listing[]; truncated: boolean } {
    const { numbers, truncated } = this.#index.find(words, filter, most);
    return { listings: numbers.flatMap((number) => this.#listings[number] ?? []), truncated };
  }

  /** First names of contents, from the `from`th on, in an order that is steady and means nothing. */
  page(from: number, most: number): Listing[] {
    return this.#byId.page(from, most);
  }

  #unchain(gone: Listing): void {
    const head = this.#byId.get(gone.contentId);
    if (head === gone) {
      if (gone.next === null) this.#byId.delete(gone.contentId);
      else this.#byId.set(gone.contentId, gone.next);
      return;
    }
    for (let listing = head ?? null; listing !== null; listing = listing.next) {
      if (listing.next !== gone) continue;
      listing.next = gone.next;
      return;
    }
  }
}

export const sameEntry = (listing: Listing, { name, kind, bytes }: Entry): boolean => listing.name === name && listing.kind === kind && listing.bytes === bytes;

function hold(node: NodeRecord, listing: Listing, { have = 100 }: Entry): void {
  listing.holders.push(node);
  if (have < 100) listing.leechers++;
  node.list(listing, have);
}
