import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalEncoder, parseJournal, type Journal } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { filled, journalBytes, plainHeader, recordsOf } from './journal-bytes.ts';

function parsed(bytes: Uint8Array): Journal {
  const result = parseJournal(bytes, sha256);
  if (result.kind !== 'journal') throw new Error(`journal is ${result.kind}`);
  return result.journal;
}

/** What a journal claims, as plain data. */
const claims = (journal: Journal): unknown => ({ ...journal, pieces: [...journal.pieces].sort(([a], [b]) => a - b) });

describe('journal', () => {
  it('gives back what was written', () => {
    const { bytes } = journalBytes(plainHeader, recordsOf('p0 p4 | p2 m4 r c'));
    const journal = parsed(bytes);
    expect(journal.header).toEqual(plainHeader);
    expect([...journal.pieces]).toEqual([[0, { hash: filled(32, 100), sequence: 1 }], [2, { hash: filled(32, 102), sequence: 4 }]]);
    expect(journal).toMatchObject({ durableThrough: 2, groupBefore: 0, root: filled(32, 8), closedNs: 1_700_000_000_123_456_789n, validBytes: bytes.length });
  });

  it('takes a header without root and boot id', () => {
    const header = { ...plainHeader, root: null, bootId: null };
    expect(parsed(journalBytes(header, []).bytes).header).toEqual(header);
  });

  it('goes on where a parsed journal ends', () => {
    const records = recordsOf('p0 p1 | p2 p3 c o p4');
    const whole = journalBytes(plainHeader, records);
    const first = whole.bytes.slice(0, whole.ends[4]);
    const encoder = new JournalEncoder(sha256, parsed(first).end);
    const rest = records.slice(4).map((record) => encoder.encode(record));
    expect(Buffer.concat([first, ...rest])).toEqual(Buffer.from(whole.bytes));
  });

  it('forgets a clean close as soon as anything follows', () => {
    expect(parsed(journalBytes(plainHeader, recordsOf('p0 c o')).bytes).closedNs).toBeNull();
    expect(parsed(journalBytes(plainHeader, recordsOf('p0 c p1')).bytes).closedNs).toBeNull();
  });

  it('believes no barrier that speaks of records after itself', () => {
    const { bytes } = journalBytes(plainHeader, [...recordsOf('p0'), { kind: 'barrier', through: 99 }]);
    expect(parsed(bytes).durableThrough).toBe(0);
  });

  const records = recordsOf('p0 p1 p2 | p3 m1 | p1 p4 c o p5 r | p6 O p7');
  const { bytes: original, ends } = journalBytes(plainHeader, records);
  const prefixes = [0, ...ends].map((end) => original.slice(0, end));
  const allowed = prefixes.slice(1).map((prefix) => claims(parsed(prefix)));

  /** A mutant may say nothing at all or exactly what some earlier state of the same journal said; never anything else. */
  function expectNoFalseClaim(mutant: Uint8Array): void {
    const result = parseJournal(mutant, sha256);
    if (result.kind !== 'journal') return;
    expect(allowed).toContainEqual(claims(result.journal));
  }

  it('cut anywhere says what it said at the last whole record', () => {
    for (let length = 0; length <= original.length; length++) {
      const cutOff = original.slice(0, length);
      const whole = ends.filter((end) => end <= length).length;
      if (whole === 0) expect(parseJournal(cutOff, sha256).kind).toBe('damaged');
      else expect(claims(parsed(cutOff))).toEqual(allowed[whole - 1]);
    }
  });

  it('with any bit flipped says what it said before that record', () => {
    for (let bit = 0; bit < original.length * 8; bit++) {
      const mutant = original.slice();
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const whole = ends.filter((end) => end <= bit >> 3).length;
      if (whole === 0) expect(parseJournal(mutant, sha256).kind).toBe('damaged');
      else expect(parsed(mutant).validBytes).toBe(ends[whole - 1]);
    }
  });

  it('makes no false claim from stale, duplicated, moved or overwritten parts', () => {
    const older = journalBytes({ ...plainHeader, journalId: filled(16, 10) }, recordsOf('p8 p9 | p7 p6 p5 | p4 p3 p2 p1 p0 |')).bytes;
    const position = fc.integer({ min: 0, max: original.length });
    const boundary = fc.constantFrom(...ends);
    const mutant = fc.oneof(
      // the tail of an older journal in the same blocks, at any place after the header and at record boundaries
      fc.tuple(fc.oneof(fc.integer({ min: ends[0] ?? 0, max: original.length }), boundary)).map(([at]) => Buffer.concat([original.subarray(0, at), older.subarray(at)])),
      // a part of it twice
      fc.tuple(boundary, boundary).map(([a, b]) => Buffer.concat([original.subarray(0, b), original.subarray(Math.min(a, b))])),
      // a part left out
      fc.tuple(boundary, boundary).map(([a, b]) => Buffer.concat([original.subarray(0, Math.min(a, b)), original.subarray(Math.max(a, b))])),
      // blocks that were never written
      fc.tuple(position, position).map(([a, b]) => Buffer.from(original).fill(0, Math.min(a, b), Math.max(a, b))),
      // rubbish over a part
      fc.tuple(position, fc.uint8Array({ minLength: 1, maxLength: 80 })).map(([at, rubbish]) => Buffer.concat([original.subarray(0, at), rubbish, original.subarray(at + rubbish.length)])),
    );
    fc.assert(fc.property(mutant, (bytes) => expectNoFalseClaim(Uint8Array.from(bytes))), { numRuns: 4000 });
  });

  it('takes any bytes for what they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(parseJournal(bytes, sha256).kind).toBe('damaged');
    }), { numRuns: 500 });
  });

  it('leaves journals of later releases alone', () => {
    const { bytes } = journalBytes(plainHeader, []);
    const later = bytes.slice();
    later[9] = 2;
    const check = new Uint8Array(32);
    sha256(later.subarray(0, later.length - 8), check, 0);
    later.set(check.subarray(0, 8), later.length - 8);
    expect(parseJournal(later, sha256)).toEqual({ kind: 'newer', version: 2 });
  });

  it('still reads and writes version 1 (golden fixture)', () => {
    const golden = Uint8Array.from(readFileSync(new URL('../../../fixtures/journal-v1.progress', import.meta.url)));
    expect(Buffer.from(golden).equals(original)).toBe(true);
    expect(claims(parsed(golden))).toEqual(allowed.at(-1));
  });
});
