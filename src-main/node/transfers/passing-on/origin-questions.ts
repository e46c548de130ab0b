import { open } from 'node:fs/promises';
import { limits } from '#shared/limits.ts';
import { plainOnly } from '#shared/protocol/pace.ts';
import type { Bytes } from '#shared/units.ts';
import type { OriginProof, Place } from '../../../core/swarm/origin-proof.ts';
import { readFlags } from '../../../disk/read-flags.ts';
import type { BlockSink, Link } from '../../ports/links.ts';

/** A place in a file, and what lies there. */
export interface Question {
  readonly place: Place;
  readonly bytes: Uint8Array;
}

/** Bytes that are all alike are guessed: so often another place of the piece is drawn for them. */
const draws = 32;

/** Reads what the origin is to give for a test of these pieces of a file that lies at `path`; null when it cannot be read there. */
export async function questionsOf(proof: OriginProof, pieces: readonly number[], path: string, pieceBytes: Bytes): Promise<readonly Question[] | null> {
  const file = await open(path, readFlags).catch(() => null);
  if (file === null) return null;
  const read = async (place: Place): Promise<Question> => {
    const bytes = new Uint8Array(place.length);
    await file.read(bytes, 0, place.length, place.piece * pieceBytes + place.begin);
    return { place, bytes };
  };
  try {
    const questions: Question[] = [];
    for (const piece of proof.asksFor(pieces)) {
      let question = await read(proof.draw(piece));
      for (let drawn = 1; drawn < draws && isBlank(question.bytes); drawn++) question = await read(proof.draw(piece));
      questions.push(question);
    }
    return questions;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === bytes[0]);

/** Whether the device gives the same bytes everywhere; null when it does not answer all of it. */
export async function givesTheSame(link: Link, key: Uint8Array, questions: readonly Question[], signal: AbortSignal): Promise<boolean | null> {
  const atOnce = limits.transfer.proofsAtOnce;
  for (let first = 0; first < questions.length; first += atOnce) {
    const asked = questions.slice(first, first + atOnce).map((question) => new Asked(link, key, question));
    const cancel = (): void => { for (const one of asked) one.cancel(); };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const answers = await Promise.all(asked.map(({ answer }) => answer));
    signal.removeEventListener('abort', cancel);
    if (answers.includes(false)) return false;
    if (answers.includes(null)) return null;
  }
  return true;
}

/** One question on its way. */
class Asked implements BlockSink {
  readonly buffer: Uint8Array;
  /** Null: there is none. */
  readonly answer: Promise<boolean | null>;
  readonly #link: Link;
  readonly #expected: Uint8Array;
  readonly #request: number;
  #settle: (answer: boolean | null) => void = () => undefined;

  constructor(link: Link, key: Uint8Array, { place, bytes }: Question) {
    this.#link = link;
    this.#expected = bytes;
    this.buffer = new Uint8Array(new SharedArrayBuffer(place.length));
    this.answer = new Promise((resolve) => { this.#settle = resolve; });
    this.#request = link.requestBlock({ key, ...place, pace: plainOnly }, this);
  }

  done(): void {
    this.#settle(Buffer.compare(this.buffer, this.#expected) === 0);
  }

  broken(): void {
    this.#settle(false);
  }

  rejected(): void {
    this.#settle(null);
  }

  lost(): void {
    this.#settle(null);
  }

  cancel(): void {
    this.#link.cancelBlock(this.#request);
    this.#settle(null);
  }
}
