import { JournalEncoder, type JournalHeader, type JournalRecord } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';

export const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

export const plainHeader: JournalHeader = {
  root: filled(32, 7), bytes: 10_000_000, pieceBytes: 1 << 20, device: 2049n, inode: 123_456_789_012n, bootId: filled(16, 1), journalId: filled(16, 9),
};

/** Bytes of a journal, and where each record ends (the header first). */
export function journalBytes(header: JournalHeader, records: readonly JournalRecord[]): { bytes: Uint8Array; ends: number[] } {
  const { encoder, bytes } = JournalEncoder.begin(sha256, header);
  const parts = [bytes, ...records.map((record) => encoder.encode(record))];
  const ends: number[] = [];
  let length = 0;
  for (const part of parts) ends.push((length += part.length));
  return { bytes: Uint8Array.from(Buffer.concat(parts)), ends };
}

/** Pictures of journals: `p3` piece 3, `m3` missing, `|` a barrier over all before it, `o` opened, `O` opened after a reboot, `c` closed, `r` root. */
export function recordsOf(picture: string): JournalRecord[] {
  return picture.split(' ').filter((word) => word !== '').map((word, at): JournalRecord => {
    const number = Number(word.slice(1));
    switch (word[0]) {
      case 'p': return { kind: 'piece', piece: number, hash: filled(32, 100 + number) };
      case 'm': return { kind: 'missing', piece: number };
      case '|': return { kind: 'barrier', through: at };
      case 'o': return { kind: 'opened', bootId: filled(16, 1) };
      case 'O': return { kind: 'opened', bootId: filled(16, 2) };
      case 'c': return { kind: 'closed', modifiedNs: 1_700_000_000_123_456_789n };
      case 'r': return { kind: 'root', root: filled(32, 8) };
      default: throw new Error(`no record ${word}`);
    }
  });
}
