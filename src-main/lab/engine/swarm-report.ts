import { meanPlayback, playback, type Playback } from './playback.ts';
import { LabViolation } from './swarm-checker.ts';
import type { SwarmOptions } from './swarm-options.ts';
import type { SwarmWorld } from './swarm-world.ts';

/** What a run came to. Times in seconds of virtual time, parts 0…1. */
export interface SwarmReport {
  readonly options: SwarmOptions;
  /** Honest peers; all of them have the file. */
  readonly done: number;
  /** From a peer's arrival until it had everything. */
  readonly median: number;
  readonly slowest: number;
  /** From the start of the run until the last one had everything. */
  readonly last: number;
  /** No way of sharing could have been sooner. */
  readonly bound: number;
  readonly boundBy: 'origin' | 'download' | 'all uploads';
  /** Bytes sent by all, by what they could have sent while they were there. */
  readonly utilisation: number;
  /** Copies of the file that the origins sent, all together. */
  readonly originCopies: number;
  /** Bytes that arrived, by the bytes that were needed; 1 is nothing twice. */
  readonly overhead: number;
  /** Jain's index of what peers got per second, and of what they sent: 1 is the same for all. */
  readonly fairnessDown: number;
  readonly fairnessUp: number;
  /** Pairs of peers of which one has banned the other. */
  readonly bans: number;
  /** Of the honest peers that watched, on average; null: nobody did. */
  readonly watched: Playback | null;
  readonly events: number;
  /** Hash of everything that happened: the same options give the same. */
  readonly history: string;
}

/**
 * The report of a run that has ended. Throws `LabViolation` if the run beats the lower bound: then the simulator cheats.
 */
export function reportSwarm(world: SwarmWorld): SwarmReport {
  const { options, nodes, records, network, simulation } = world;
  const end = simulation.now;
  const durations: number[] = [];
  const sentByPeers: number[] = [];
  const watched: Playback[] = [];
  let [sent, could, originSent, received, needed, last, bans] = [0, 0, 0, 0, 0, 0, 0];
  for (const [number, node] of nodes.entries()) {
    const record = records[number];
    if (record === undefined) continue;
    sent += network.sentBytes(number);
    received += network.receivedBytes(number);
    could += (world.upOf(number) * Math.max(0, (record.leftAt ?? end) - record.arrivedAt)) / 1e6;
    bans += node.checker.banned;
    if (world.isOrigin(number)) originSent += network.sentBytes(number);
    else needed += Math.min(node.checker.written.count * options.pieceBytes, options.bytes);
    if (world.isOrigin(number) || node.behaviour !== 'honest' || record.doneAt === null) continue;
    durations.push((record.doneAt - record.arrivedAt) / 1e6);
    sentByPeers.push(network.sentBytes(number));
    if (world.isWatching(number)) watched.push(playback(node.writtenAt, record.arrivedAt, options));
    last = Math.max(last, record.doneAt / 1e6);
  }
  durations.sort((a, b) => a - b);
  const { bound, boundBy } = lowerBound(options, durations.length);
  if (last < bound) throw new LabViolation(`the last peer is done after ${last} s, and nobody can be before ${bound} s`);
  return {
    options, done: durations.length, median: durations[durations.length >> 1] ?? 0, slowest: durations.at(-1) ?? 0, last, bound, boundBy,
    utilisation: could > 0 ? sent / could : 0, originCopies: originSent / options.bytes, overhead: needed > 0 ? received / needed : 1,
    fairnessDown: jain(durations.map((seconds) => 1 / seconds)), fairnessUp: jain(sentByPeers), bans, watched: meanPlayback(watched),
    events: simulation.events, history: simulation.history.toString(),
  };
}

/**
 * The shortest time in which `finishing` peers can have a file of F bytes: the origins send it once, the slowest line takes
 * it, and all lines up together carry a copy for each: max{F/u_s, F/d_min, N·F/(u_s + Σu_i)} (Mundinger, Weber and Weiss
 * 2008). That peers come later, fail or cheat only makes it later.
 */
export function lowerBound({ bytes, origins, originUp, peers, peerUp, peerDown, launder, known }: SwarmOptions, finishing: number): Pick<SwarmReport, 'bound' | 'boundBy'> {
  if (finishing === 0) return { bound: 0, boundBy: 'origin' };
  // Launderers may have pieces that no origin has sent.
  const byOrigin = bytes / (origins * originUp + (known > 0 ? Math.round(peers * launder) * peerUp : 0));
  const byDownload = bytes / peerDown;
  const byAll = (finishing * bytes) / (origins * originUp + peers * peerUp);
  const bound = Math.max(byOrigin, byDownload, byAll);
  return { bound, boundBy: bound === byAll ? 'all uploads' : bound === byOrigin ? 'origin' : 'download' };
}

/** (Σx)² / (n·Σx²): 1 when all are equal, 1/n when one has everything. */
function jain(values: readonly number[]): number {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
