import { describe, expect, it } from 'vitest';
import { parseJournal, type JournalHeader } from '#main/core/progress/journal.ts';
import { recover, type PartFacts } from '#main/core/progress/recovery.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { MiB } from '#shared/units.ts';
import { filled, journalBytes, plainHeader, recordsOf } from './journal-bytes.ts';

const layer = Uint8Array.from({ length: 10 * 32 }, (_, at) => 100 + Math.floor(at / 32));
const facts: PartFacts = {
  root: filled(32, 7), layer, bytes: 10_000_000, pieceBytes: 1 << 20, identity: { device: 2049n, inode: 123_456_789_012n },
  isYounger: false, partBytes: 10_000_000, modifiedNs: 1_700_000_000_123_456_789n, bootId: filled(16, 1),
};
const rebooted: PartFacts = { ...facts, bootId: filled(16, 3) };

const sorted = (pieces: readonly number[]): string => [...pieces].sort((a, b) => a - b).join(',');

/** `trusted / sample / doubtful`, each a list of pieces, or the kind of decision. Index 0 is drawn each time. */
function decide(picture: string, now: PartFacts, header: JournalHeader = plainHeader): string {
  const parsed = parseJournal(journalBytes(header, recordsOf(picture)).bytes, sha256);
  if (parsed.kind !== 'journal') return parsed.kind;
  const recovery = recover(parsed.journal, now, () => 0);
  if (recovery.kind !== 'resume') return recovery.kind;
  return [recovery.trusted, recovery.sample, recovery.doubtful].map(sorted).join(' / ');
}

describe('what a journal is worth', () => {
  it.each([
    ['', facts, ' /  / '],
    ['p0 p1 | p2', facts, ' / 0,1,2 / '],
    ['p0 p1 | p2', rebooted, ' / 0,1 / 2'],
    ['p0 p1', rebooted, ' /  / 0,1'],
    // without boot ids nobody knows whether there was a power cut
    ['p0 | p1', { ...facts, bootId: null }, ' / 0 / 1'],
    // what an earlier writer before a reboot left is worth what the last writer's boot says
    ['p0 | p1 O p2', { ...facts, bootId: filled(16, 2) }, ' / 0,1,2 / '],
    ['p0 | p1 O p2', facts, ' / 0 / 1,2'],
    ['p0 | m0 p1', facts, ' / 1 / '],
    // the time stamp counts after a clean close, and only then
    ['p0 | c', facts, ' / 0 / '],
    ['p0 | c', { ...facts, modifiedNs: 5n }, 'rehash'],
    ['p0 | c o', { ...facts, modifiedNs: 5n }, ' / 0 / '],
    // another part file
    ['p0 |', { ...facts, identity: { device: 2049n, inode: 1n } }, 'rehash'],
    ['p0 |', { ...facts, identity: { device: 1n, inode: 123_456_789_012n } }, 'rehash'],
    ['p0 |', { ...facts, identity: null }, ' / 0 / '],
    ['p0 |', { ...facts, isYounger: true }, 'rehash'],
    ['p0 |', { ...facts, partBytes: 10_000_001 }, 'rehash'],
    // a shorter part file cannot hold what lies behind its end
    ['p0 p9 |', { ...facts, partBytes: 2 * MiB }, ' / 0 / '],
    ['p0 p1 |', { ...facts, partBytes: 2 * MiB - 1 }, ' / 0 / '],
    // another file
    ['p0 |', { ...facts, root: filled(32, 1) }, 'other'],
    ['p0 |', { ...facts, bytes: 9_999_999 }, 'other'],
    ['p0 |', { ...facts, pieceBytes: 2 * MiB }, 'other'],
    ['p0 r |', facts, 'other'],
    // pieces that do not exist, and hashes that the file does not have
    ['p10 p200 |', facts, ' /  / '],
    ['p0 p1 |', { ...facts, layer: filled(320, 101) }, ' / 1 / '],
  ] as const)('%j', (picture, now, expected) => {
    expect(decide(picture, now)).toBe(expected);
  });

  it('resumes a provisional file, with and without a root now', () => {
    const provisional = { ...plainHeader, root: null };
    expect(decide('p0 |', { ...facts, root: null, layer: null }, provisional)).toBe(' / 0 / ');
    expect(decide('p0 |', facts, provisional)).toBe(' / 0 / ');
    expect(decide('p0 |', { ...facts, layer: filled(320, 55) }, provisional)).toBe(' /  / ');
  });

  it('reads the whole last group again, and 16 of the pieces before it', () => {
    const many: PartFacts = { ...facts, bytes: 64 * MiB, partBytes: 64 * MiB, root: null, layer: null };
    const picture = `${Array.from({ length: 40 }, (_, piece) => `p${piece}`).join(' ')} | p40 p41 |`;
    const parsed = parseJournal(journalBytes({ ...plainHeader, bytes: 64 * MiB, root: null }, recordsOf(picture)).bytes, sha256);
    if (parsed.kind !== 'journal') throw new Error(parsed.kind);
    let seed = 1;
    const recovery = recover(parsed.journal, many, () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    if (recovery.kind !== 'resume') throw new Error(recovery.kind);
    expect(recovery.sample).toHaveLength(18);
    expect(recovery.sample.slice(0, 2)).toEqual([40, 41]);
    expect(new Set([...recovery.trusted, ...recovery.sample]).size).toBe(42);
    expect(recovery.trusted).toHaveLength(24);
  });
});
