import { KiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import { CostEstimate } from './cost-estimate.ts';

/** The time saved on the line must be this many times the work of compressing and decompressing. */
const clearly = 3;
/** The other end's work to decompress, as a share of ours to compress: brotli at its quickest takes about half. */
const decompressShare = 0.5;
/** A block below this saves less than what else it costs. */
const minBlockBytes = 1 * KiB;
/** After a sample that did not pay so many blocks go out plain, twice as many after each further one. */
const firstPause = 8;
const longestPause = 256;
/** Weight of the newest block in what is known of a subject. */
const newest = 0.5;
const subjectsKept = 1024;
/** A block that does not get smaller than this goes out as it is: the other end is spared the work. */
export const worthwhileShare = 0.9;

interface Subject {
  /** Compressed bytes a plain one; 1 until the first sample is back. */
  ratio: number;
  isSampled: boolean;
  /** Blocks that go out plain before the next sample. */
  pause: number;
  nextPause: number;
}

export interface BlockToSend {
  /** What the block counts with for samples: its file, or its kind of file; null when there is no point in it. Asked only for slow lines. */
  readonly subject: () => string | null;
  readonly bytes: Bytes;
  /** What the line to this device takes, bytes/s, as slow as its slowest part; null when nobody knows of one that is slow. */
  readonly bytesPerSecond: number | null;
}

export interface Took {
  /** Of a processor. While this program does other things too it cannot be told apart: then theirs may be in it. */
  readonly workMs: Millis;
  /** By the clock. */
  readonly timeMs: Millis;
}

/**
 * Decides which blocks to compress: those where the time that the line is spared clearly exceeds the work of compressing here
 * and decompressing there. Work that this program does besides makes it dearer: so where our processor is the bottleneck
 * compression gives itself up. Nothing waits for the compressor longer than the line would need for the block: when it cannot
 * keep up, whatever the reason, the rest goes out plain and the line stays full.
 *
 * Fast lines end at the first comparison. Files that do not shrink are sampled ever more seldom. Pure.
 */
export class CompressionPolicy {
  readonly #subjects = new Map<string, Subject>();
  /** Of a processor, and by the clock. */
  readonly #work = new CostEstimate();
  readonly #time = new CostEstimate();
  /** Being compressed or waiting for it. */
  #inLine: Bytes = 0;

  /** The subject when the block is to be compressed, and then `ended` or `failed` must follow; null: it goes out plain. */
  begin(now: Millis, { subject: subjectOf, bytes, bytesPerSecond }: BlockToSend): string | null {
    if (bytesPerSecond === null || bytes < minBlockBytes) return null;
    const lineMsPerByte = second / bytesPerSecond;
    const dear = clearly * (1 + decompressShare) * this.#work.msPerByte(now);
    if (lineMsPerByte <= dear) return null;
    if (this.#inLine * this.#time.msPerByte(now) > bytes * lineMsPerByte) return null;
    const subject = subjectOf();
    if (subject === null || !this.#isWorthTrying(subject, (ratio) => (1 - ratio) * lineMsPerByte > dear)) return null;
    this.#inLine += bytes;
    return subject;
  }

  /** It is compressed to `compressedBytes`, or would hardly get smaller (null). */
  ended(now: Millis, subject: string, bytes: Bytes, compressedBytes: Bytes | null, took: Took): void {
    this.#inLine -= bytes;
    // What does not shrink is given up quickly, and would make compressing look cheap.
    if (compressedBytes !== null) {
      this.#work.note(now, bytes, took.workMs);
      this.#time.note(now, bytes, took.timeMs);
    }
    const known = this.#subjects.get(subject);
    if (known === undefined) return;
    const ratio = compressedBytes === null ? 1 : compressedBytes / bytes;
    known.ratio = known.isSampled ? known.ratio + newest * (ratio - known.ratio) : ratio;
    known.isSampled = true;
  }

  /** It could not be compressed for another reason. */
  failed(bytes: Bytes): void {
    this.#inLine -= bytes;
  }

  #isWorthTrying(subject: string, pays: (ratio: number) => boolean): boolean {
    const known = this.#subjects.get(subject);
    if (known === undefined) {
      this.#remember(subject);
      return true;
    }
    if (pays(known.ratio)) {
      known.pause = firstPause;
      known.nextPause = 2 * firstPause;
      return true;
    }
    if (known.pause > 0) {
      known.pause--;
      return false;
    }
    known.pause = known.nextPause;
    known.nextPause = Math.min(2 * known.nextPause, longestPause);
    return true;
  }

  #remember(subject: string): void {
    this.#subjects.set(subject, { ratio: 1, isSampled: false, pause: firstPause, nextPause: 2 * firstPause });
    for (const oldest of this.#subjects.keys()) {
      if (this.#subjects.size <= subjectsKept) break;
      this.#subjects.delete(oldest);
    }
  }
}
