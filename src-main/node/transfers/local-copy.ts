import { open } from 'node:fs/promises';
import { pieceLength } from '../../core/content/piece-size.ts';
import type { FileRef } from '../ports/library.ts';
import type { WriteOutcome } from '../ports/receiver.ts';
import type { DownloadFile } from './download-file.ts';

/**
 * Takes the missing pieces from a file on this device instead of fetching them. Every piece is verified like any other,
 * so a file that is not what it was only gives less. Answers whether every piece came.
 */
export async function copyLocally(from: FileRef, into: DownloadFile, write: (piece: number, data: Uint8Array) => Promise<WriteOutcome>): Promise<boolean> {
  const file = await open(from.diskPath, 'r').catch(() => null);
  if (file === null) return false;
  const buffer = new Uint8Array(new SharedArrayBuffer(Math.min(from.bytes, into.pieceBytes)));
  try {
    for (let piece = 0; piece < into.pieces; piece++) {
      if (into.verified.has(piece)) continue;
      const data = buffer.subarray(0, pieceLength(from.bytes, into.pieceBytes, piece));
      const { bytesRead } = await file.read(data, 0, data.length, piece * into.pieceBytes);
      if (bytesRead !== data.length || (await write(piece, data)).kind !== 'written') return false;
      if (!into.isSmall) into.pieceDone(piece, null);
    }
    return true;
  } catch {
    // Unreadable now: the pieces are fetched from others.
    return false;
  } finally {
    await file.close();
  }
}
