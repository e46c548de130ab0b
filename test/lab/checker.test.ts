import { describe, expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { LabViolation, NodeChecker } from '#main/lab/engine/swarm-checker.ts';
import { lowerBound } from '#main/lab/engine/swarm-report.ts';
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

describe('the checker notices', () => {
  const crimes: Record<string, (node: NodeChecker) => void> = {
    'a piece that is called complete too early': (node) => { node.arrived(1, 49, false); node.pieceComplete(1, 2); },
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
    'nobody blamed': (node) => { node.mustBlame(1, () => undefined); },
    'a belief that is not true': (node) => { node.ended(everything, 50); },
    'buffers counted wrong': (node) => { node.ended(new Bitfield(3, Uint8Array.of(0x80)), 0); },
  };
  it.each(Object.entries(crimes))('%s', (_, crime) => {
    expect(() => { crime(checker()); }).toThrow(LabViolation);
  });

  it('nothing where nothing is wrong', () => {
    const node = checker();
    node.arrived(1, 50, false);
    expect(node.pieceComplete(1, 2)).toBe(true);
    node.fetchEnded(1);
    node.written.add(2);
    node.claims(Uint8Array.of(0xa0));
    node.ended(new Bitfield(3, Uint8Array.of(0xa0)), 0);
  });

  it('damage to a buffer, and none to one that was given up', () => {
    const node = checker();
    node.arrived(1, 25, true);
    node.arrived(1, 25, false);
    node.arrived(7, 25, true);
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
