import { describe, expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { LabViolation, NodeChecker } from '#main/lab/engine/swarm-checker.ts';
import { lowerBound } from '#main/lab/engine/swarm-report.ts';
import { KiB } from '#shared/units.ts';
import { defaultSwarm } from '#main/lab/engine/swarm-options.ts';

const file = { bytes: 250, pieceBytes: 100, pieces: 3 };
const everything = new Bitfield(3, Uint8Array.of(0xe0));
const nothing = new Bitfield(3);

/** A checker that has seen piece 0 written and piece 2 requested of peer 5 as fetch 1. */
function checker(): NodeChecker {
  const made = new NodeChecker(9, file, 300, false);
  made.written.add(0);
  made.fetchStarted(1, 2, 50, 5);
  made.requested(1, 5, 2, 0, 50, everything);
  return made;
}

/** A checker of larger pieces that has seen all of piece 0 requested of peer 5 as fetch 2. */
function largeChecker(): NodeChecker {
  const made = new NodeChecker(9, { bytes: 144 * KiB, pieceBytes: 48 * KiB, pieces: 3 }, 96 * KiB, false);
  made.fetchStarted(2, 0, 48 * KiB, 5);
  made.requested(2, 5, 0, 0, 48 * KiB, everything);
  return made;
}

describe('the checker notices', () => {
  const crimes: Record<string, (node: NodeChecker) => void> = {
    'a piece that is called complete too early': (node) => { node.arrived(1, 0, 49, false); node.pieceComplete(1, 2); },
    'a piece that is told of and was never verified': (node) => { node.claimsPiece(2); },
    'pieces that are claimed and were never verified': (node) => { node.claims(Uint8Array.of(0xa0)); },
    'a file that is called complete': (node) => { node.claims('all'); },
    'a verified piece that is fetched again': (node) => { node.fetchStarted(2, 0, 100, 5); },
    'a fetch that starts twice': (node) => { node.fetchStarted(1, 1, 100, 5); },
    'a fetch that ends twice': (node) => { node.fetchEnded(1); node.fetchEnded(1); },
    'a fetch of the wrong length': (node) => { node.fetchStarted(2, 1, 99, 5); },
    'more buffers than there may be': (node) => { for (const fetch of [2, 3, 4]) node.fetchStarted(fetch, 1, 100, 5); },
    'a block beyond its piece': (node) => { node.requested(1, 5, 2, 40, 20, everything); },
    'a block of half a byte': (node) => { node.requested(1, 5, 2, 0, 0.5, everything); },
    'a block of another peer': (node) => { node.requested(1, 6, 2, 0, 50, everything); },
    'a piece that the peer never said it has': (node) => { node.requested(1, 5, 2, 0, 50, nothing); },
    'blame for the honest': (node) => { node.blames(5, true, 1); },
    'a wrong count of strikes': (node) => { node.blames(5, false, 2); },
    'a request to somebody banned': (node) => { node.blames(5, false, 1); node.blames(5, false, 2); node.requested(1, 5, 2, 0, 50, everything); },
    'blame where nobody can be blamed': (node) => { node.mustBlameNobody(() => { node.blames(5, false, 1); }); },
    'nobody blamed': (node) => { node.mustBlame(5, () => undefined); },
    'a belief that is not true': (node) => { node.ended(everything, 50); },
    'buffers counted wrong': (node) => { node.ended(new Bitfield(3, Uint8Array.of(0x80)), 0); },
  };
  it.each(Object.entries(crimes))('%s', (_, crime) => {
    expect(() => { crime(checker()); }).toThrow(LabViolation);
  });

  const halfCrimes: Record<string, (node: NodeChecker) => void> = {
    'more that is kept than came': (node) => { node.arrived(2, 0, 16 * KiB, false); node.fetchPaused(2, 32 * KiB); },
    'half a leaf that is kept': (node) => { node.arrived(2, 0, 16 * KiB, false); node.fetchPaused(2, 8 * KiB); },
    'a block of a piece that nobody goes on with': (node) => { node.arrived(2, 0, 16 * KiB, false); node.fetchPaused(2, 16 * KiB); node.requested(2, 5, 0, 16 * KiB, 50, everything); },
    'a gap between what is kept and what is asked for': (node) => {
      node.arrived(2, 0, 16 * KiB, false);
      node.fetchPaused(2, 16 * KiB);
      node.fetchResumed(2, 6);
      node.requested(2, 6, 0, 20 * KiB, 50, everything);
    },
  };
  it.each(Object.entries(halfCrimes))('%s', (_, crime) => {
    const node = largeChecker();
    expect(() => { crime(node); }).toThrow(LabViolation);
  });

  it('nothing where nothing is wrong', () => {
    const node = checker();
    node.arrived(1, 0, 50, false);
    expect(node.pieceComplete(1, 2)).toBe(true);
    node.fetchEnded(1);
    node.written.add(2);
    node.claims(Uint8Array.of(0xa0));
    node.ended(new Bitfield(3, Uint8Array.of(0xa0)), 0);
  });

  it('who damaged which part of a piece that several gave', () => {
    const node = largeChecker();
    node.arrived(2, 0, 16 * KiB, true);
    node.arrived(2, 16 * KiB, 16 * KiB, true);
    node.fetchPaused(2, 16 * KiB);
    node.fetchResumed(2, 6);
    node.requested(2, 6, 0, 16 * KiB, 32 * KiB, everything);
    node.arrived(2, 16 * KiB, 32 * KiB, false);
    expect(node.partsOf(2)).toEqual([{ from: 5, isCorrupt: true }, { from: 6, isCorrupt: false }]);
    expect(node.pieceComplete(2, 0)).toBe(false);
  });

  it('damage to a buffer, and none to one that was given up', () => {
    const node = checker();
    node.arrived(1, 0, 25, true);
    node.arrived(1, 25, 25, false);
    node.arrived(7, 0, 25, true);
    expect(node.pieceComplete(1, 2)).toBe(false);
  });
});

describe('the lower bound', () => {
  it('is the largest of the three', () => {
    const options = { ...defaultSwarm, bytes: 1000, peers: 4, origins: 1, originUp: 100, peerUp: 50, peerDown: 400 };
    expect(lowerBound(options, 4)).toEqual({ bound: 4000 / 300, boundBy: 'all uploads' });
    expect(lowerBound({ ...options, originUp: 10, peerUp: 500 }, 4)).toEqual({ bound: 100, boundBy: 'origin' });
    expect(lowerBound({ ...options, peerDown: 20 }, 4)).toEqual({ bound: 50, boundBy: 'download' });
    expect(lowerBound(options, 0).bound).toBe(0);
  });
});
