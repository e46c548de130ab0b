import type { BlockRequest } from '#shared/protocol/hot-frames.ts';
import { limits } from '#shared/limits.ts';
import type { Bytes } from '#shared/units.ts';
import type { FileRef } from '../ports/library.ts';

/** What one file gives to a block. */
export interface BlockPart {
  readonly file: FileRef;
  /** From where in the file, and how much. */
  readonly position: Bytes;
  readonly bytes: Bytes;
}

/**
 * What each file of a batch gives to a block: they lie one after the other, as if they were one piece. Null when the block
 * reaches beyond the last one, or one of them is no small file.
 */
export function partsOf(files: readonly FileRef[], { begin, length }: Pick<BlockRequest, 'begin' | 'length'>): BlockPart[] | null {
  const end = begin + length;
  const parts: BlockPart[] = [];
  let at = 0;
  for (const file of files) {
    if (file.bytes > limits.content.minPieceBytes) return null;
    const from = Math.max(begin, at);
    const to = Math.min(end, at + file.bytes);
    if (from < to) parts.push({ file, position: from - at, bytes: to - from });
    at += file.bytes;
  }
  return end <= at ? parts : null;
}
