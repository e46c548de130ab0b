import { open, type FileHandle } from 'node:fs/promises';
import type { ContentId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { Bitfield } from '../../../core/bitfield.ts';
import { pieceLength } from '../../../core/content/piece-size.ts';
import { readFlags } from '../../../disk/read-flags.ts';
import type { WriteOutcome } from '../../ports/receiver.ts';
import type { EqualFile, EqualFiles } from './equal-files.ts';

export type WritePiece = (piece: number, data: Uint8Array) => Promise<WriteOutcome>;

/** A file that takes its pieces from elsewhere on this device. */
export interface CopiedFile extends EqualFile {
  readonly pieceBytes: Bytes;
  readonly pieces: number;
  /** It is of one piece, which counts as done when the whole file is written. */
  readonly isSmall: boolean;
  readonly hasEnded: boolean;
  readonly stopSignal: AbortSignal;
  readonly sources: { askEverybody(): void };
  /** A piece is verified on disk. `from` null: it was on this device. */
  pieceDone(piece: number, from: null): void;
}

const everyPiece = { has: () => true };

/** Takes those of the missing pieces that are there. False: one could not be read, or not be written. */
async function copyPieces(file: FileHandle, from: { readonly bytes: Bytes; readonly verified: Pick<Bitfield, 'has'> }, into: CopiedFile, buffer: Uint8Array, write: WritePiece): Promise<boolean> {
  for (let piece = 0; piece < into.pieces; piece++) {
    if (into.verified.has(piece) || !from.verified.has(piece)) continue;
    if (into.hasEnded) return false;
    const data = buffer.subarray(0, pieceLength(from.bytes, into.pieceBytes, piece));
    const { bytesRead } = await file.read(data, 0, data.length, piece * into.pieceBytes);
    if (bytesRead !== data.length || (await write(piece, data)).kind !== 'written') return false;
    if (!into.isSmall) into.pieceDone(piece, null);
  }
  return true;
}

async function withFile(path: string, into: CopiedFile, bytes: Bytes, copy: (file: FileHandle, buffer: Uint8Array) => Promise<boolean>): Promise<boolean> {
  const file = await open(path, readFlags).catch(() => null);
  if (file === null) return false;
  try {
    return await copy(file, new Uint8Array(new SharedArrayBuffer(Math.min(bytes, into.pieceBytes))));
  } catch {
    // Unreadable now: the pieces are fetched from others.
    return false;
  } finally {
    await file.close();
  }
}

/**
 * Takes the missing pieces from a file on this device instead of fetching them. Every piece is verified like any other,
 * so a file that is not what it was only gives less. Answers whether every piece came.
 */
export function copyLocally(from: { readonly diskPath: string; readonly bytes: Bytes }, into: CopiedFile, write: WritePiece): Promise<boolean> {
  return withFile(from.diskPath, into, from.bytes, (file, buffer) => copyPieces(file, { bytes: from.bytes, verified: everyPiece }, into, buffer, write));
}

/**
 * Takes each piece from the part of another file of this content as soon as it is verified there, until this one is
 * complete or stops, or that one leaves. What that one gave by then is copied. False: it gives nothing.
 */
export function copyAsItComes(id: ContentId, first: EqualFile, into: CopiedFile, equal: EqualFiles, write: WritePiece): Promise<boolean> {
  return withFile(first.partPath ?? '', into, first.bytes, async (file, buffer) => {
    let isTold = false;
    for (;;) {
      const { rings } = equal.bell;
      const isThere = equal.isJoined(id, first);
      if (!(await copyPieces(file, first, into, buffer, write))) return false;
      if (into.verified.isFull || into.hasEnded || !isThere) return true;
      if (!isTold && first.isFetched) {
        isTold = true;
        into.sources.askEverybody();
      }
      await equal.bell.after(rings, into.stopSignal);
    }
  });
}
