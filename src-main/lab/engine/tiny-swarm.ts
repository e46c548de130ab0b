import { KiB, hour, second } from '#shared/units.ts';
import { RandomStream } from './random-stream.ts';
import { defaultSwarm, type SwarmOptions } from './swarm-options.ts';

/** So that a command line can say it. */
const thousandths = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * On one network a source gives to all at once, so that with many of them on a slow line a piece takes long. Where that is
 * this many times as long as peers stay, one of fifty (e^-4) that come sees a whole piece; with eight times one of 3,000.
 */
const mostLivesAPiece = 4;

/** Its peers stay long enough to get something. */
function livable(swarm: SwarmOptions): SwarmOptions {
  const { lan, pieceBytes, peers, originUp, churnPerHour } = swarm;
  if (!lan) return swarm;
  const pieceHours = (pieceBytes * peers * second) / originUp / hour;
  return { ...swarm, churnPerHour: Math.min(churnPerHour, thousandths(mostLivesAPiece / pieceHours)) };
}

/** A small swarm with trouble, all chosen by the seed: one of the many on which the machine is tried. */
export function tinySwarm(seed: number): SwarmOptions {
  const random = new RandomStream(seed, 'tiny swarm');
  const oneOf = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)] ?? choices[0] as T;
  const sometimes = (part: number, most: number): number => (random.chance(part) ? thousandths(random.between(0, most)) : 0);
  const pieceBytes = oneOf(16, 64, 256) * KiB;
  const peerUp = oneOf(50_000, 400_000, 3_000_000);
  const lan = random.chance(0.3);
  const swarm = {
    ...defaultSwarm,
    seed,
    peers: 1 + random.below(7),
    origins: 1 + random.below(2),
    // Two pieces at least: files of one piece have no swarm.
    bytes: pieceBytes * (2 + random.below(12)) - random.below(pieceBytes),
    pieceBytes,
    originUp: peerUp * oneOf(0.5, 2, 10),
    peerUp,
    peerDown: peerUp * oneOf(1, 4, 10),
    latencyMs: lan ? 0.2 : oneOf(5, 40, 300),
    loss: sometimes(0.3, 0.1),
    lan,
    neighbours: 2 + random.below(8),
    arriveWithinMs: oneOf(0, 1 * second, 20 * second),
    arrivalsPerSecond: sometimes(0.2, 2),
    leaveWhenDone: random.chance(0.3),
    churnPerHour: sometimes(0.3, 400),
    awayMs: oneOf(1 * second, 20 * second),
    partitions: random.chance(0.2) ? 1 + random.below(2) : 0,
    partitionMs: oneOf(3 * second, 100 * second),
    corrupt: sometimes(0.3, 0.5),
    stall: sometimes(0.2, 0.4),
    lie: sometimes(0.2, 0.4),
    diskBytesPerSecond: oneOf(2_000_000, 500_000_000),
    diskFails: sometimes(0.15, 0.1),
    shuffle: sometimes(0.5, 0.3),
    limitMs: 12 * hour,
  };
  // Who comes and goes, and gets its part of a slow line, would not live to see a whole piece.
  const stays = swarm.churnPerHour === 0;
  return livable({ ...swarm, watch: sometimes(0.3, 1), apart: sometimes(stays ? 0.3 : 0, 0.6), originLimit: stays && random.chance(0.3) ? peerUp * oneOf(0.4, 1) : 0 });
}

/** The same small swarm, in which everybody takes somebody's word for whom the file is, as a rule also that of some who do not have it. */
export function launderedSwarm(seed: number): SwarmOptions {
  const random = new RandomStream(seed, 'laundered swarm');
  const swarm = tinySwarm(seed);
  return livable({
    ...swarm,
    peers: swarm.peers + random.below(4),
    bytes: random.chance(0.2) ? 4 * swarm.bytes : swarm.bytes,
    proven: true,
    launder: random.chance(0.8) ? thousandths(random.between(0.1, 0.6)) : 0,
    known: random.chance(0.6) ? thousandths(random.next()) : 0,
  });
}
