import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import type { Bitfield } from '../bitfield.ts';

/**
 * Piece size for a file: 1 MiB, doubled until the file has at most `limits.content.piecesAimedAt` pieces, 16 MiB at most.
 * A function of the size alone, so that every device that hashes a file finds the same piece layer.
 */
export function pieceBytesFor(fileBytes: Bytes): Bytes {
  const { minPieceBytes, maxPieceBytes, piecesAimedAt } = limits.content;
  let pieceBytes: number = minPieceBytes;
  while (pieceBytes < maxPieceBytes && fileBytes > pieceBytes * piecesAimedAt) pieceBytes *= 2;
  return pieceBytes;
}

/** Number of pieces; an empty file has none. */
export const pieceCount = (fileBytes: Bytes, pieceBytes: Bytes): number => Math.ceil(fileBytes / pieceBytes);

/** Bytes of one piece; the last piece of a file may be shorter than the others. */
export const pieceLength = (fileBytes: Bytes, pieceBytes: Bytes, piece: number): Bytes =>
  Math.min(pieceBytes, fileBytes - piece * pieceBytes);

/** Bytes of the pieces of a file that are there. */
export function bytesOfPieces(have: Bitfield, fileBytes: Bytes, pieceBytes: Bytes): Bytes {
  const last = have.length - 1;
  const shortBy = have.has(last) ? pieceBytes - pieceLength(fileBytes, pieceBytes, last) : 0;
  return have.count * pieceBytes - shortBy;
}

/** Whether a piece size can be laid out in a BEP 52 tree and lies within the limits: a power of two of whole leaves. */
export function isPieceSize(bytes: number): boolean {
  const leaves = bytes / limits.content.leafBytes;
  return Number.isInteger(leaves) && leaves > 0 && (leaves & (leaves - 1)) === 0 && bytes <= limits.content.maxPieceBytes;
}
