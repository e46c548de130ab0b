import { emptyRoot, equalBytes } from '#main/core/content/merkle.ts';
import { pieceCount, pieceLength } from '#main/core/content/piece-size.ts';
import { AppError } from '#shared/errors.ts';
import type { Bytes } from '#shared/units.ts';
import { readFully, writeFully } from '../files.ts';
import { DeviceReads } from './device-reads.ts';
import type { ReceiveWorld } from './receive-world.ts';

/** Reading pieces of a file again, with pauses for other work. */
export interface PieceCheck {
  readonly world: ReceiveWorld;
  readonly fd: number;
  /** From `openDirect`, or null. */
  readonly direct: number | null;
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly signal: AbortSignal;
  /** Told the bytes checked so far, of this opening altogether. */
  readonly progress: { bytes: Bytes; readonly tell: (bytes: Bytes) => void };
}

/** Hash of a piece as it was read; null when the file ends before it does. Throws `cancelled`. */
async function hashOf({ world, bytes, pieceBytes, signal, progress }: PieceCheck, piece: number, data: Uint8Array): Promise<Uint8Array | null> {
  const length = pieceLength(bytes, pieceBytes, piece);
  await world.nextTurn();
  if (signal.aborted) throw new AppError('cancelled');
  progress.bytes += length;
  progress.tell(progress.bytes);
  return data.length < length ? null : world.merkle.pieceHash(data.subarray(0, length), pieceBytes, bytes <= pieceBytes);
}

function readPiece({ world, fd, bytes, pieceBytes }: PieceCheck, piece: number, buffer: Uint8Array): Uint8Array {
  const data = buffer.subarray(0, pieceLength(bytes, pieceBytes, piece));
  return data.subarray(0, readFully(world.files, fd, data, piece * pieceBytes));
}

/**
 * Those of `pieces` that read back with the hash they should have. Where they can be read from the device itself, that is what counts. Else what is
 * not `isDurable` is written again as it was read: after a sync that failed, the system may show to readers what it will never write.
 */
export async function checkPieces(check: PieceCheck, pieces: readonly number[], expected: (piece: number) => Uint8Array | null, isDurable: (piece: number) => boolean): Promise<Map<number, Uint8Array>> {
  const { world, fd, direct, bytes, pieceBytes } = check;
  const known = pieces.filter((piece) => expected(piece) !== null);
  const buffer = new Uint8Array(Math.min(pieceBytes, bytes));
  const right = new Map<number, Uint8Array>();
  const device = direct === null ? null : new DeviceReads(world.files, direct, pieceBytes, known);
  try {
    for (const piece of known) {
      const onDevice = (await device?.next()) ?? null;
      const data = onDevice ?? readPiece(check, piece, buffer);
      const hash = await hashOf(check, piece, data);
      if (hash === null || !equalBytes(hash, expected(piece) ?? emptyRoot)) continue;
      if (onDevice === null && !isDurable(piece)) writeFully(world.files, fd, data, piece * pieceBytes);
      right.set(piece, hash);
    }
    return right;
  } finally {
    await device?.close();
  }
}

/** Whether a whole file has the root; stops at the first piece that differs when the layer is known. */
export async function hasRoot(check: PieceCheck, root: Uint8Array, layer: Uint8Array | null): Promise<boolean> {
  const pieces = pieceCount(check.bytes, check.pieceBytes);
  const found = new Uint8Array(pieces * 32);
  const buffer = new Uint8Array(Math.min(check.pieceBytes, check.bytes));
  for (let piece = 0; piece < pieces; piece++) {
    const hash = await hashOf(check, piece, readPiece(check, piece, buffer));
    if (hash === null || (layer !== null && !equalBytes(hash, layer.subarray(piece * 32, piece * 32 + 32)))) return false;
    found.set(hash, piece * 32);
  }
  return equalBytes(check.world.merkle.rootOfLayer(found, check.pieceBytes), root);
}
