import { equalBytes, hashBytes } from '../content/merkle.ts';
import { pieceCount, pieceLength } from '../content/piece-size.ts';
import type { Journal } from './journal.ts';

/** The file that is wanted and the part file that was found, as they are now. */
export interface PartFacts {
  readonly root: Uint8Array | null;
  /** Proven piece hashes; for a file of one piece the root. Null when there is no root yet. */
  readonly layer: Uint8Array | null;
  readonly bytes: number;
  readonly pieceBytes: number;
  /** Device and inode of the part file; null on volumes whose inode numbers change. */
  readonly identity: { readonly device: bigint; readonly inode: bigint } | null;
  /** The part file was made after its journal, so it is not the one that the journal speaks of, whatever its number. */
  readonly isYounger: boolean;
  readonly partBytes: number;
  readonly modifiedNs: bigint;
  readonly bootId: Uint8Array | null;
}

/** What of a part file may be believed. Every piece is in at most one of the three lists. */
export type Recovery =
  /** Journal of a file with other content: leave both alone. */
  | { readonly kind: 'other' }
  /** Nothing may be believed: read and hash every piece. */
  | { readonly kind: 'rehash' }
  | {
      readonly kind: 'resume';
      /** Believed as they are. */
      readonly trusted: readonly number[];
      /** Believed, but read again as a sample: one that fails means `rehash`. */
      readonly sample: readonly number[];
      /** Recorded but perhaps never on stable storage: each counts only if it reads back right. */
      readonly doubtful: readonly number[];
    };

/** Pieces read again at random besides the last group. A file damaged in 1 of 5 pieces escapes 16 samples in 3 % of cases. */
const sampledPieces = 16;

const sameBoot = (a: Uint8Array | null, b: Uint8Array | null): boolean => a !== null && b !== null && equalBytes(a, b);

function belongsToOther(journal: Journal, facts: PartFacts): boolean {
  const { header, root } = journal;
  if (header.bytes !== facts.bytes || header.pieceBytes !== facts.pieceBytes) return true;
  return root !== null && facts.root !== null && !equalBytes(root, facts.root);
}

/** Whether the part file is not the one that the journal speaks of, or was changed after a clean close. */
function isReplaced(journal: Journal, facts: PartFacts): boolean {
  const { header, closedNs } = journal;
  if (facts.partBytes > facts.bytes || facts.isYounger) return true;
  if (facts.identity !== null && (facts.identity.device !== header.device || facts.identity.inode !== header.inode)) return true;
  return closedNs !== null && closedNs !== facts.modifiedNs;
}

/** Draws `count` indices without repetition and takes them out of the list. */
function draw(from: number[], count: number, random: () => number): number[] {
  const drawn: number[] = [];
  while (drawn.length < count && from.length > 0) {
    const at = Math.floor(random() * from.length);
    const last = from.pop() ?? 0;
    drawn.push(from[at] ?? last);
    if (at < from.length) from[at] = last;
  }
  return drawn;
}

/**
 * Decides what a journal is worth. After a mere kill the system still has every write, so with the same boot id all
 * records count; after a power cut only what a barrier vouches for. The time stamp counts only after a clean close,
 * because every crash leaves it newer. Length and zeros prove nothing and are never asked, except that a piece which
 * lies beyond the end of the part file cannot be there.
 */
export function recover(journal: Journal, facts: PartFacts, random: () => number): Recovery {
  if (belongsToOther(journal, facts)) return { kind: 'other' };
  if (isReplaced(journal, facts)) return { kind: 'rehash' };
  const trustedThrough = sameBoot(journal.bootId, facts.bootId) ? journal.end.sequence : journal.durableThrough;
  const trusted: number[] = [];
  const lastGroup: number[] = [];
  const doubtful: number[] = [];
  for (const [piece, { hash, sequence }] of journal.pieces) {
    if (piece >= pieceCount(facts.bytes, facts.pieceBytes)) continue;
    if (piece * facts.pieceBytes + pieceLength(facts.bytes, facts.pieceBytes, piece) > facts.partBytes) continue;
    if (facts.layer !== null && !equalBytes(hash, facts.layer.subarray(piece * hashBytes, (piece + 1) * hashBytes))) continue;
    if (sequence > trustedThrough) doubtful.push(piece);
    else if (sequence > journal.groupBefore) lastGroup.push(piece);
    else trusted.push(piece);
  }
  const sample = [...lastGroup, ...draw(trusted, sampledPieces, random)];
  return { kind: 'resume', trusted, sample, doubtful };
}
