import { toHex } from '#shared/ids.ts';

/** A small seeded generator (mulberry32): the invented world is the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number that belongs to a text. */
export function seedOf(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return hash >>> 0;
}

export function bytesOf(text: string, length: number): Uint8Array {
  const random = seeded(seedOf(text));
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

export const hexOf = (text: string, digits: number): string => toHex(bytesOf(text, digits / 2));
