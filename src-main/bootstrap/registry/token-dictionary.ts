/** Numbers of the names that have a token. */
export interface Posting {
  readonly token: string;
  /** In no order; some may name what has been removed since. */
  numbers: number[];
  /** How many of those. */
  stale: number;
}

/** Blocks are split at this many: short enough to insert into, long enough that there are few. */
const blockTokens = 512;

/**
 * Tokens by themselves, and in the order of their code units, so that those with one beginning lie side by side: a B-tree of two levels.
 * Looking one up in the order touches twenty strings all over the memory, so that is done only for tokens that come or go.
 */
export class TokenDictionary {
  readonly #byToken = new Map<string, Posting>();
  /** None is empty, except the first when there is nothing at all. */
  readonly #blocks: Posting[][] = [[]];

  get size(): number {
    return this.#byToken.size;
  }

  get(token: string): Posting | undefined {
    return this.#byToken.get(token);
  }

  add(token: string, number: number): void {
    const known = this.#byToken.get(token);
    if (known !== undefined) {
      known.numbers.push(number);
      return;
    }
    // Most tokens stand in one name only, and a list that begins empty takes room for 17 at its first number.
    const posting: Posting = { token, numbers: [number], stale: 0 };
    this.#byToken.set(token, posting);
    const at = this.#blockOf(token);
    const block = this.#blocks[at] ?? [];
    block.splice(firstFrom(block, token), 0, posting);
    if (block.length > blockTokens) this.#blocks.splice(at + 1, 0, block.splice(blockTokens >> 1));
  }

  delete(token: string): void {
    if (!this.#byToken.delete(token)) return;
    const at = this.#blockOf(token);
    const block = this.#blocks[at] ?? [];
    block.splice(firstFrom(block, token), 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1);
  }

  /** Every posting whose token begins with `prefix`, the token that is the prefix first, until `visit` gives false. */
  visit(prefix: string, visit: (posting: Posting) => boolean): void {
    let at = this.#blockOf(prefix);
    let place = firstFrom(this.#blocks[at] ?? [], prefix);
    for (let block = this.#blocks[at]; block !== undefined; block = this.#blocks[++at], place = 0) {
      const toItsEnd = block.at(-1)?.token.startsWith(prefix) === true;
      for (; place < block.length; place++) {
        const posting = block[place];
        if (posting === undefined || !(toItsEnd || posting.token.startsWith(prefix)) || !visit(posting)) return;
      }
    }
  }

  /** The last block that begins with `token` or before it. A token before all others belongs to the first. */
  #blockOf(token: string): number {
    let [low, high] = [0, this.#blocks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.[0]?.token ?? '') <= token) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Place of the first token that is not before `token`. */
function firstFrom(block: readonly Posting[], token: string): number {
  let [low, high] = [0, block.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((block[middle]?.token ?? '') < token) low = middle + 1;
    else high = middle;
  }
  return low;
}
