import { createHash } from 'node:crypto';
import type { DeviceId } from '#shared/ids.ts';
import type { FileNumber } from '../../core/swarm/numbers.ts';
import type { Attempt, GivenPart } from './attempt.ts';

/** Pieces of which one remembers who gave what; there are few, since such a piece is fetched before others. */
const piecesKept = 256;

interface Suspect extends GivenPart {
  readonly digest: string;
}

/**
 * Pieces that were wrong when several devices had given parts of them. Nobody is to blame before the right bytes are known;
 * then whoever gave others is.
 */
export class Suspects {
  /** By file and piece, oldest first. */
  readonly #pieces = new Map<string, readonly Suspect[]>();

  /** A piece was wrong; its buffer still holds it. */
  note(file: FileNumber, piece: number, { data, parts }: Attempt): void {
    const name = nameOf(file, piece);
    this.#pieces.set(name, [...(this.#pieces.get(name) ?? []), ...parts.map((part) => ({ ...part, digest: digestOf(data, part) }))]);
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= piecesKept) return;
      this.#pieces.delete(oldest);
    }
  }

  /** The right bytes of a piece are known: who gave wrong ones before. They are suspects no more. */
  judge(file: FileNumber, piece: number, right: Uint8Array): ReadonlySet<DeviceId> {
    const name = nameOf(file, piece);
    const suspects = this.#pieces.get(name);
    if (suspects === undefined) return nobody;
    this.#pieces.delete(name);
    return new Set(suspects.filter((part) => digestOf(right, part) !== part.digest).map(({ from }) => from));
  }
}

const nobody: ReadonlySet<DeviceId> = new Set();

const nameOf = (file: FileNumber, piece: number): string => `${file}/${piece}`;

const digestOf = (data: Uint8Array, { begin, end }: GivenPart): string => createHash('sha256').update(data.subarray(begin, end)).digest('hex');
