import { fold, matchesPrefix, nameTokens } from './text.ts';

/** What was typed, prepared once for a whole search. */
export interface Query {
  readonly folded: string;
  readonly words: readonly string[];
}

/** The steps of the ranking; what distinguishes two hits of one step is added below one whole step. */
const rank = { wordsInPath: 1, wordsInName: 2, namePrefix: 3, nameExact: 4 } as const;

/** File name without its extension, folded text in, folded text out. */
const stem = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
};

/**
 * How well an entry fits, or null when it does not: every word must begin a token of its path, and at least one a token
 * of its own name. Exact name > name begins with the query > all words in the name > words in the path; within a step,
 * the more of the name the query covers the better. `parentTokens`: tokens of the folders above, share name included.
 * `known`: a word of the query of which an index says that it begins a token of the name.
 */
export function score(query: Query, name: string, parentTokens: readonly string[], known?: string): number | null {
  const folded = fold(name);
  let tokens: readonly string[] | null = null;
  let inName = 0;
  for (const word of query.words) {
    // Taking a name apart is what costs; most words are not even somewhere in it.
    if (word === known || (folded.includes(word) && matchesPrefix((tokens ??= nameTokens(name)), word))) inName++;
    else if (!matchesPrefix(parentTokens, word)) return null;
  }
  if (inName === 0) return null;
  const coverage = Math.min(0.9, (0.9 * query.folded.length) / Math.max(1, folded.length));
  return stepOf(query, folded, inName) + coverage;
}

function stepOf(query: Query, folded: string, inName: number): number {
  if (folded === query.folded || stem(folded) === query.folded) return rank.nameExact;
  if (folded.startsWith(query.folded)) return rank.namePrefix;
  return inName === query.words.length ? rank.wordsInName : rank.wordsInPath;
}
