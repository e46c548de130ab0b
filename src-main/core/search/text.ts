/**
 * Text as search sees it. A name and a query meet after folding (case, accents and spelling variants gone) as tokens:
 * runs of letters and runs of digits. Names give more tokens than queries do: "DistriShare2" is found as
 * `distrishare`, `distri`, `share` and `2`, whereas a query is never split by its capitals, so that its case cannot matter.
 */

const ascii = /^[\x00-\x7f]*$/;
const marks = /\p{M}/gu;

/** Letters that Unicode does not decompose, but that people type as these. */
const spelledOut: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ŧ: 't', ŋ: 'n', ı: 'i', ĸ: 'k', ς: 'σ',
};
const spelledOutPattern = new RegExp(`[${Object.keys(spelledOut).join('')}]`, 'gu');

/** Accents and compatibility forms gone, capitals kept. */
const plain = (text: string): string => (ascii.test(text) ? text : text.normalize('NFKD').replace(marks, ''));

const lower = (text: string): string =>
  ascii.test(text) ? text.toLowerCase() : text.toLowerCase().replace(spelledOutPattern, (letter) => spelledOut[letter] ?? letter);

/**
 * Text with case, accents, compatibility forms and spelling variants removed; ß becomes ss, œ becomes oe. Upper case
 * comes first because it already undoes what lower case alone leaves (ligatures, final sigma, dotless i).
 */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return lower(plain(plain(text).toUpperCase()));
}

/** Scripts written without spaces: each character is a token of its own, so that a word inside is found. */
const runs = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])\p{L})+|\p{N}+/gu;
const asciiRuns = /[A-Za-z]+|[0-9]+/g;
/** Parts of a letter run by its capitals: `XMLHttpRequest` is XML, Http, Request. */
const camelParts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[^\p{Lu}\p{Ll}]+|\p{Lu}+/gu;
const hasInnerCapital = /[^\p{Lu}]\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u;

const runsOf = (text: string): readonly string[] => text.match(ascii.test(text) ? asciiRuns : runs) ?? [];

/** Distinct tokens of what somebody typed, in order of appearance. */
export const queryTokens = (words: string): readonly string[] => [...new Set(runsOf(fold(words)))];

/** Distinct tokens under which a name is found: its runs of letters and digits, and the camelCase parts of those. */
export function nameTokens(name: string): readonly string[] {
  const tokens = new Set(runsOf(fold(name)));
  for (const run of runsOf(plain(name))) {
    if (!hasInnerCapital.test(run)) continue;
    for (const part of run.match(camelParts) ?? []) for (const token of runsOf(fold(part))) tokens.add(token);
  }
  return [...tokens];
}

/** Whether a query token is the beginning of one of the tokens. */
export const matchesPrefix = (tokens: readonly string[], word: string): boolean => tokens.some((token) => token.startsWith(word));
