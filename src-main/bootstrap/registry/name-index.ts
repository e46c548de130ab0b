import type { FileType } from '#shared/model/search.ts';
import { fileTypeOf } from '#shared/file-types.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import { fold, nameTokens } from '../../core/search/text.ts';
import { TokenDictionary, type Posting } from './token-dictionary.ts';

export interface IndexedName {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: Bytes;
}

export interface NameFilter {
  readonly type: FileType;
  readonly minBytes?: Bytes | undefined;
  readonly maxBytes?: Bytes | undefined;
}

export interface Candidates {
  readonly numbers: readonly number[];
  /** There were more than the limit, or more than there was time to look at. */
  readonly truncated: boolean;
}

/**
 * Names are kept on shelves by their length; a search begins with the shortest. Narrow where most names are, so that what is looked at
 * for a word that everybody uses is a small part of all that have it.
 */
const shelfEnds = [8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 64, 96, 255] as const;
const shelfOf = (length: number): number => shelfEnds.findIndex((end) => length <= end);

const types: readonly FileType[] = ['any', 'folder', 'audio', 'video', 'image', 'document', 'archive', 'program', 'other'];
const longest = 255;
/** Work that one search may take: numbers in lists, and the lists themselves, which lie all over the memory. A few milliseconds. */
const searchBudget = 300_000;
const listCost = 8;
/** Work after which a word counts as common: it matters only which is the rarest. */
const countedTo = 10_000;
/** So few of a shelf are given without a look for the other words: whoever looks at the names finds out. */
const fewOfShelf = 64;
/** Of one shelf so many times as many are found as are wanted, to choose the shortest from. */
const choice = 4;

const lengthOf = (name: string): number => Math.max(1, Math.min(longest, fold(name).length));
const tokensOf = (name: string): readonly string[] => nameTokens(name).slice(0, limits.bootstrap.tokensPerName);

/**
 * Which names have tokens that begin with given words. Names get small numbers, which are used again. A removed name stays in the
 * lists of its tokens until half of such a list is stale; until then its number is not given to another.
 *
 * When more names match than anybody can look at, the shortest are given: of those the words cover the most, which is what ranking
 * asks for, and a name that is exactly what was typed is the shortest of all that contain it.
 */
export class NameIndex {
  readonly #shelves = shelfEnds.map(() => new TokenDictionary());
  readonly #free: number[] = [];
  #next = 0;
  /** By number. 0: removed or never there. */
  #lengths = new Uint8Array(1024);
  #types = new Uint8Array(1024);
  #sizes = new Float64Array(1024);
  /** Lists that still name a removed one. */
  #references = new Uint8Array(1024);
  /** The last step of a search that met it. */
  #marks = new Uint32Array(1024);
  #step = 0;

  /** Words on all shelves: one that stands in long names and in short ones counts more than once. */
  get tokens(): number {
    return this.#shelves.reduce((sum, shelf) => sum + shelf.size, 0);
  }

  /** The number under which `find` gives it. */
  add({ name, kind, bytes }: IndexedName): number {
    const number = this.#free.pop() ?? this.#next++;
    if (number >= this.#lengths.length) this.#grow();
    const length = lengthOf(name);
    this.#lengths[number] = length;
    this.#types[number] = types.indexOf(fileTypeOf(name, kind));
    this.#sizes[number] = bytes;
    const shelf = this.#shelves[shelfOf(length)];
    for (const token of tokensOf(name)) shelf?.add(token, number);
    return number;
  }

  /** `name` as it was added. */
  remove(number: number, name: string): void {
    const tokens = tokensOf(name);
    const shelf = this.#shelves[shelfOf(lengthOf(name))];
    this.#lengths[number] = 0;
    this.#references[number] = tokens.length;
    if (tokens.length === 0) this.#free.push(number);
    for (const token of tokens) {
      const posting = shelf?.get(token);
      if (posting === undefined) continue;
      posting.stale++;
      if (2 * posting.stale < posting.numbers.length) continue;
      this.#clean(posting);
      if (posting.numbers.length === 0) shelf?.delete(token);
    }
  }

  /**
   * Numbers of names that pass the filter and have a token that begins with each word, shorter names first: at most `most`, and
   * some besides that have not all of the words.
   */
  find(words: readonly string[], filter: NameFilter, most: number): Candidates {
    const found: number[] = [];
    let [left, room] = [searchBudget, most];
    for (const shelf of this.#shelves) {
      const { numbers, cost, looked } = this.#findOn(shelf, words, filter, { budget: left, enough: choice * room });
      left -= cost;
      if (looked === 'few') found.push(...numbers);
      else {
        found.push(...this.#shortest(numbers, room));
        room -= numbers.length;
      }
      if (room <= 0 || looked === 'some') return { numbers: found, truncated: room < 0 || looked === 'some' || shelf !== this.#shelves.at(-1) };
    }
    return { numbers: found, truncated: false };
  }

  /** `looked`: `all` when the numbers have every word, `few` when they need not, `some` when there were too many to look at all. */
  #findOn(shelf: TokenDictionary, words: readonly string[], filter: NameFilter, { budget, enough }: { budget: number; enough: number }): { numbers: readonly number[]; cost: number; looked: 'all' | 'few' | 'some' } {
    const ordered = rarestFirst(shelf, words);
    let found: number[] = [];
    let cost = words.length;
    if (ordered === null) return { numbers: found, cost, looked: 'all' };
    const marks = this.#marks;
    this.#beginSteps(ordered.length);
    for (const [at, word] of ordered.entries()) {
      if (at > 0 && found.length <= fewOfShelf) return { numbers: found, cost, looked: 'few' };
      const [before, now] = [this.#step, this.#step + 1];
      const isLast = at === ordered.length - 1;
      let all = true;
      this.#step = now;
      found = [];
      shelf.visit(word, ({ numbers }) => {
        cost += numbers.length + listCost;
        for (const number of numbers) {
          const mark = marks[number] ?? 0;
          if (mark === now || (at > 0 && mark !== before)) continue;
          marks[number] = now;
          if (this.#passes(number, filter)) found.push(number);
        }
        all = cost <= budget && !(isLast && found.length > enough);
        return all;
      });
      if (!all) return { numbers: found, cost, looked: 'some' };
    }
    return { numbers: found, cost, looked: 'all' };
  }

  #passes(number: number, { type, minBytes = 0, maxBytes = Infinity }: NameFilter): boolean {
    if (this.#lengths[number] === 0) return false;
    if (type === 'any' && minBytes === 0 && maxBytes === Infinity) return true;
    const size = this.#sizes[number] ?? 0;
    return (type === 'any' || types[this.#types[number] ?? 0] === type) && size >= minBytes && size <= maxBytes;
  }

  #shortest(found: readonly number[], most: number): readonly number[] {
    if (found.length <= most) return found;
    const byLength = new Uint32Array(longest + 1);
    const lengths = this.#lengths;
    for (const number of found) {
      const length = lengths[number] ?? longest;
      byLength[length] = (byLength[length] ?? 0) + 1;
    }
    let [limit, room] = [0, most];
    while (room >= (byLength[limit] ?? 0)) room -= byLength[limit++] ?? 0;
    return found.filter((number) => (lengths[number] ?? longest) < limit || (lengths[number] === limit && room-- > 0));
  }

  #clean(posting: Posting): void {
    posting.numbers = posting.numbers.filter((number) => {
      if (this.#lengths[number] !== 0) return true;
      const left = (this.#references[number] ?? 1) - 1;
      this.#references[number] = left;
      if (left === 0) this.#free.push(number);
      return false;
    });
    posting.stale = 0;
  }

  /** Every step of every search has a number of its own; before they run out all marks are wiped. */
  #beginSteps(steps: number): void {
    this.#step++;
    if (this.#step + steps < 2 ** 32) return;
    this.#marks.fill(0);
    this.#step = 1;
  }

  #grow(): void {
    const size = 2 * this.#lengths.length;
    const grown = <Column extends Uint8Array | Uint32Array | Float64Array>(column: Column, larger: Column): Column => {
      larger.set(column);
      return larger;
    };
    this.#lengths = grown(this.#lengths, new Uint8Array(size));
    this.#types = grown(this.#types, new Uint8Array(size));
    this.#sizes = grown(this.#sizes, new Float64Array(size));
    this.#references = grown(this.#references, new Uint8Array(size));
    this.#marks = grown(this.#marks, new Uint32Array(size));
  }
}

/** Null when a word begins no token at all. */
function rarestFirst(shelf: TokenDictionary, words: readonly string[]): readonly string[] | null {
  const counted: { word: string; count: number }[] = [];
  for (const word of words) {
    let count = 0;
    shelf.visit(word, ({ numbers }) => (count += numbers.length + listCost) <= (words.length === 1 ? 0 : countedTo));
    if (count === 0) return null;
    counted.push({ word, count });
  }
  return counted.sort((one, other) => one.count - other.count).map(({ word }) => word);
}
