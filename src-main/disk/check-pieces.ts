import { equalBytes } from '#main/core/content/merkle.ts';
import { pieceCount, pieceLength } from '#main/core/content/piece-size.ts';
import { AppError } from '#shared/errors.ts';
import type { Bytes } from '#shared/units.ts';
import { readFully, writeFully } from './files.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** Reading pieces of a file again, with pauses for other work. */
export interface PieceCheck {
  readonly world: ReceiveWorld;
  readonly fd: number;
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly signal: AbortSignal;
  /** Told the bytes checked so far, of this opening altogether. */
  readonly progress: { bytes: Bytes; readonly tell: (bytes: Bytes) => void };
}

/** Hash of a piece as it is on disk; null when the file ends before it does. Throws `cancelled` and system errors. */
export async function hashOnDisk(check: PieceCheck, piece: number, buffer: Uint8Array): Promise<Uint8Array | null> {
  const { world, fd, bytes, pieceBytes, signal, progress } = check;
  await world.nextTurn();
  if (signal.aborted) throw new AppError('cancelled');
  const data = buffer.subarray(0, pieceLength(bytes, pieceBytes, piece));
  const read = readFully(world.files, fd, data, piece * pieceBytes);
  progress.bytes += data.length;
  progress.tell(progress.bytes);
  return read === data.length ? world.merkle.pieceHash(data, pieceBytes, bytes <= pieceBytes) : null;
}

/**
 * Those of `pieces` that read back with the hash they should have. What is not `isDurable` is written again as it was read:
 * after a sync that failed, the system may show to readers what it will never write.
 */
export async function checkPieces(check: PieceCheck, pieces: readonly number[], expected: (piece: number) => Uint8Array | null, isDurable: (piece: number) => boolean): Promise<Map<number, Uint8Array>> {
  const { world, fd, bytes, pieceBytes } = check;
  const buffer = new Uint8Array(Math.min(pieceBytes, bytes));
  const right = new Map<number, Uint8Array>();
  for (const piece of pieces) {
    const wanted = expected(piece);
    if (wanted === null) continue;
    const hash = await hashOnDisk(check, piece, buffer);
    if (hash === null || !equalBytes(hash, wanted)) continue;
    if (!isDurable(piece)) writeFully(world.files, fd, buffer.subarray(0, pieceLength(bytes, pieceBytes, piece)), piece * pieceBytes);
    right.set(piece, hash);
  }
  return right;
}

/** Whether a whole file has the root; stops at the first piece that differs when the layer is known. */
export async function hasRoot(check: PieceCheck, root: Uint8Array, layer: Uint8Array | null): Promise<boolean> {
  const pieces = pieceCount(check.bytes, check.pieceBytes);
  const found = new Uint8Array(pieces * 32);
  const buffer = new Uint8Array(Math.min(check.pieceBytes, check.bytes));
  for (let piece = 0; piece < pieces; piece++) {
    const hash = await hashOnDisk(check, piece, buffer);
    if (hash === null || (layer !== null && !equalBytes(hash, layer.subarray(piece * 32, piece * 32 + 32)))) return false;
    found.set(hash, piece * 32);
  }
  return equalBytes(check.world.merkle.rootOfLayer(found, check.pieceBytes), root);
}
