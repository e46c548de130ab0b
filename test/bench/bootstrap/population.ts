import { createHash, randomBytes } from 'node:crypto';
import { contentIdOf, deviceIdOf, type DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';

/** The same numbers every time: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const syllables = 'ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo fu ga ge gi go gu la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu'.split(' ');
const extensions = ['mp4', 'mkv', 'mp3', 'flac', 'jpg', 'pdf', 'epub', 'zip', 'iso', 'txt'];

/** Words as natural languages use them: few often, most seldom (Zipf). */
export class Names {
  readonly #random: () => number;
  readonly #words: string[];

  constructor(random: () => number, words = 50_000) {
    this.#random = random;
    this.#words = Array.from({ length: words }, (_, at) => {
      let word = '';
      for (let rest = at + 1; rest > 0; rest = Math.floor(rest / syllables.length)) word += syllables[rest % syllables.length] ?? '';
      return word;
    });
  }

  word(): string {
    // The inverse of the Zipf distribution with exponent 1, nearly.
    return this.#words[Math.floor(this.#words.length ** this.#random()) - 1] ?? 'ba';
  }

  number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  file(): string {
    const words = Array.from({ length: 2 + this.number(5) }, () => this.word());
    return `${words.join(' ')} ${1950 + this.number(77)}.${extensions[this.number(extensions.length)] ?? 'bin'}`;
  }
}

export const deviceNumbered = (number: number): DeviceId => deviceIdOf(createHash('sha256').update(`device ${number}`).digest());

/** `distinct` contents, each under one name; what a node announces is chosen evenly from them. */
export function makeContents(distinct: number): Entry[] {
  const names = new Names(seeded(1));
  return Array.from({ length: distinct }, () => ({ contentId: contentIdOf(randomBytes(32)), kind: 'file' as const, name: names.file(), bytes: names.number(2 ** 32) }));
}

/** Three addresses, as a device on a LAN with IPv6 has. */
export const addressesOf = (number: number): string[] => [
  `192.168.${(number >> 8) & 255}.${number & 255}:47800`, `[2001:db8:${(number >> 8).toString(16)}:${(number & 255).toString(16)}:1a2b:3c4d:5e6f:7a8b]:47800`, `203.0.${(number >> 8) & 255}.${number & 255}:47800`,
];
export const outsideOf = (number: number): string => `203.0.${(number >> 8) & 255}.${number & 255}`;
/** One of 20 members, and one of nearly 2,000. */
export const roomsOf = (number: number): string[] => [Math.floor(number / 20), 1_000_000 + Math.floor(number / 1900)].map((room) => room.toString(16).padStart(16, '0'));

/** What node `number` announces: four fifths its own contents, one fifth what many have. */
export const announcedBy = (contents: readonly Entry[], number: number, count: number, random: () => number): Entry[] => {
  const chosen = new Map<string, Entry>();
  for (let at = 0; at < count; at++) {
    const entry = contents[random() < 0.2 ? Math.floor(contents.length * random() ** 4) : number * count + at];
    // Of its own, as from JSON.
    if (entry !== undefined) chosen.set(entry.contentId, { ...entry });
  }
  return [...chosen.values()];
};
