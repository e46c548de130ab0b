import { fileTypeOf } from '#shared/file-types.ts';
import type { ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { SearchFilter } from '#shared/model/search.ts';
import { compareNames } from '#shared/protocol/manifest.ts';
import { score, type Query } from '#main/core/search/ranking.ts';
import { fold, nameTokens, queryTokens } from '#main/core/search/text.ts';
import type { Range, Store } from '#main/disk/store/store.ts';
import type { LibraryHit, SearchResult, Viewer } from '../ports/library.ts';
import { publicName, publicPath } from './reader.ts';
import type { ShareList } from './share-list.ts';
import type { ShareRuntime } from './share-runtime.ts';
import { belowRanges, entryKey, parentOf, pathKey, pathOfEntryKey, pathOfPathKey, shareOfKey, tables, tailOfKey } from './tables.ts';

/** Entries one search looks at; beyond that a word is too common for the rest to be worth the time. */
const candidatesLookedAt = 10_000;
/** Entries of a word that are not for the one who asks, and are passed over; beyond that it is cheaper to look through what is. */
const othersPassedOver = 10_000;
/** How far the entries of a word are counted to find the rarest one. */
const countedTo = 1000;
/** Records read at once when hits are made. */
const recordsAtOnce = 200;

interface Candidate {
  readonly share: ShareRuntime;
  readonly path: string;
  readonly score: number;
}

/** Keys of all tokens that begin with a word. U+10FFFF is no letter, so no token holds it. */
const tokensFrom = (word: string): Range => ({ from: word, before: `${word}\u{10ffff}` });

/** Finds entries by the tokens of their names, in an index that lies in the store. */
export class SearchIndex {
  readonly #store: Store;
  readonly #shares: ShareList;

  constructor(store: Store, shares: ShareList) {
    this.#store = store;
    this.#shares = shares;
  }

  /** Best first, at most `limits.search.results` and about `limits.search.answerBytes` of them. */
  async search(viewer: Viewer, words: string, filter: SearchFilter): Promise<SearchResult> {
    const query: Query = { folded: fold(words.trim()), words: queryTokens(words).slice(0, limits.search.words) };
    const candidates = new Candidates(this.#store, this.#shares, viewer, query);
    // Whoever may see nothing must not be able to make us look through everything.
    const rarest = candidates.areNone ? null : await this.#rarest(query.words);
    if (rarest === null) return { hits: [], truncated: false };
    const found = await candidates.of(rarest);
    const { hits, truncated } = await this.#hits(found.sort(bestFirst), filter);
    return { hits, truncated: truncated || candidates.areCut };
  }

  /** The word with the fewest entries; null when one has none at all. */
  async #rarest(words: readonly string[]): Promise<string | null> {
    if (words.length === 1) return words[0] ?? null;
    const counted = await Promise.all(words.map(async (word) => ({ word, count: (await this.#store.keys(tables.token, { ...tokensFrom(word), limit: countedTo })).length })));
    const rarest = counted.reduce<{ word: string; count: number } | null>((best, one) => (best === null || one.count < best.count ? one : best), null);
    return rarest === null || rarest.count === 0 ? null : rarest.word;
  }

  async #hits(candidates: readonly Candidate[], filter: SearchFilter): Promise<SearchResult> {
    const hits: LibraryHit[] = [];
    let bytes = 0;
    for (let at = 0; at < candidates.length; at += recordsAtOnce) {
      const some = candidates.slice(at, at + recordsAtOnce);
      const records = await this.#store.getMany(tables.entry, some.map(({ share, path }) => entryKey(share.id, path)));
      for (const [number, candidate] of some.entries()) {
        const record = records[number];
        if (record === undefined) continue;
        const { kind, bytes: size, modifiedAt, contentId } = record;
        const name = publicName(candidate.share, candidate.path);
        const hit: LibraryHit = { path: publicPath(candidate.share, candidate.path), name, kind, type: fileTypeOf(name, kind), bytes: size, modifiedAt, contentId, score: candidate.score };
        if (!passes(hit, filter)) continue;
        bytes += Buffer.byteLength(JSON.stringify(hit)) + 1;
        if (hits.length === limits.search.results || bytes > limits.search.answerBytes) return { hits, truncated: true };
        hits.push(hit);
      }
    }
    return { hits, truncated: false };
  }
}

const bestFirst = (one: Candidate, other: Candidate): number =>
  other.score - one.score || compareNames(one.share.record.name, other.share.record.name) || compareNames(one.path, other.path);

const passes = (hit: LibraryHit, { type, minBytes, maxBytes }: SearchFilter): boolean =>
  (type === 'any' || hit.type === type) && hit.bytes >= (minBytes ?? 0) && hit.bytes <= (maxBytes ?? Number.MAX_SAFE_INTEGER);

/** One search's way through the index: entries named by the rarest word, and what lies below folders named by it. */
class Candidates {
  readonly #store: Store;
  readonly #query: Query;
  readonly #visible: ReadonlyMap<ShareId, ShareRuntime>;
  readonly #seen = new Set<string>();
  readonly #found: Candidate[] = [];
  #left = candidatesLookedAt;
  #areCut = false;
  /** Tokens of the folder looked at last: entries come folder by folder. */
  #folder = '';
  #folderTokens: readonly string[] = [];

  constructor(store: Store, shares: ShareList, viewer: Viewer, query: Query) {
    this.#store = store;
    this.#query = query;
    this.#visible = new Map(shares.visible(viewer).map((share) => [share.id, share]));
  }

  /** Whether there is nothing that the viewer may see. */
  get areNone(): boolean {
    return this.#visible.size === 0;
  }

  /** Whether there were more entries than are looked at. */
  get areCut(): boolean {
    return this.#areCut;
  }

  async of(word: string): Promise<Candidate[]> {
    const folders: { share: ShareRuntime; path: string }[] = [];
    let passedOver = 0;
    for await (const rows of this.#store.batches(tables.token, tokensFrom(word))) {
      for (const [key, kind] of rows) {
        const tail = tailOfKey(key);
        const share = this.#shareOf(tail);
        if (share === null) passedOver++;
        if (share === null || !this.#look(tail)) continue;
        const path = pathOfPathKey(tail);
        this.#consider(share, path, word);
        if (kind === 'folder' && this.#query.words.length > 1) folders.push({ share, path });
      }
      if (passedOver > othersPassedOver) return this.#everywhere();
      if (this.#areCut) break;
    }
    // With one word only, what lies below a folder of that name is found by opening the folder.
    for (const { share, path } of folders) await this.#below(share, path);
    return this.#found;
  }

  /** What the viewer may see, share by share, without the index. */
  async #everywhere(): Promise<Candidate[]> {
    for (const share of this.#visible.values()) {
      if (this.#look(pathKey(share.id, ''))) this.#consider(share, '');
      await this.#below(share, '');
    }
    return this.#found;
  }

  async #below(share: ShareRuntime, folder: string): Promise<void> {
    for (const range of belowRanges(share.id, folder)) {
      for await (const keys of this.#store.keyBatches(tables.entry, range)) {
        for (const key of keys) {
          const path = pathOfEntryKey(key);
          if (this.#look(pathKey(share.id, path))) this.#consider(share, path);
        }
        if (this.#areCut) return;
      }
    }
  }

  #shareOf(key: string): ShareRuntime | null {
    const id = shareOfKey(key);
    return id === null ? null : (this.#visible.get(id) ?? null);
  }

  /** Whether an entry is still to be looked at. */
  #look(key: string): boolean {
    if (this.#seen.has(key)) return false;
    if (this.#left <= 0) {
      this.#areCut = true;
      return false;
    }
    this.#seen.add(key);
    this.#left--;
    return true;
  }

  #consider(share: ShareRuntime, path: string, known?: string): void {
    const name = publicName(share, path);
    const rank = score(this.#query, name, path === '' || this.#query.words.length === 1 ? [] : this.#tokensAbove(share, parentOf(path)), known);
    if (rank !== null) this.#found.push({ share, path, score: rank });
  }

  #tokensAbove(share: ShareRuntime, folder: string): readonly string[] {
    const key = pathKey(share.id, folder);
    if (key !== this.#folder) {
      this.#folder = key;
      this.#folderTokens = [share.record.name, ...folder.split('/')].flatMap((part) => nameTokens(part));
    }
    return this.#folderTokens;
  }
}

