import { KiB, MiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** A swarm to simulate. Rates are bytes per second, times milliseconds, parts and chances 0…1. */
export interface SwarmOptions {
  readonly seed: number;
  /** Who want the file; `origins` have it from the start and stay. */
  readonly peers: number;
  readonly origins: number;
  readonly bytes: Bytes;
  readonly pieceBytes: Bytes;
  readonly originUp: number;
  /** What the user of each origin lets it upload, below what its line carries; 0: no limit. */
  readonly originLimit: number;
  readonly peerUp: number;
  readonly peerDown: number;
  /** One way; each pair has its own, between half of it and one and a half. */
  readonly latencyMs: Millis;
  readonly loss: number;
  /** All on one local network, where nobody is choked. */
  readonly lan: boolean;
  /** Links each peer opens; those opened towards it come on top. */
  readonly neighbours: number;
  /** Parts of the peers that watch while it arrives, from the beginning to the end, and that reach nobody but the origins; the same ones first. */
  readonly watch: number;
  readonly apart: number;
  /** Bytes a second of the film that they watch: how often it stalled is said at the end, and changes nothing. */
  readonly playRate: number;
  /** All within this time, or, with `arrivalsPerSecond` above 0, one after the other (Poisson). */
  readonly arriveWithinMs: Millis;
  readonly arrivalsPerSecond: number;
  /** Peers leave when they have everything. */
  readonly leaveWhenDone: boolean;
  /** How often each peer goes away unannounced, per hour, and how long it stays away (mean). */
  readonly churnPerHour: number;
  readonly awayMs: Millis;
  /** How many times the network is cut in two, at random moments while peers arrive and fetch, and for how long. */
  readonly partitions: number;
  readonly partitionMs: Millis;
  /** Parts of the peers that send bad bytes, never answer, or say that they have what they have not. */
  readonly corrupt: number;
  readonly stall: number;
  readonly lie: number;
  /** Peers pass on only what the one whose word they take has shown to have. */
  readonly proven: boolean;
  /** Part of the peers that list the file for everybody, though no origin lets them have it; and the chance with which one has a piece all the same. */
  readonly launder: number;
  readonly known: number;
  readonly diskBytesPerSecond: number;
  readonly diskFails: number;
  /** Answers of disks come late and out of order, and, as those of the network, sometimes twice. */
  readonly shuffle: number;
  /** The run has failed when this much virtual time passes and somebody is not done. */
  readonly limitMs: Millis;
}

export const defaultSwarm: SwarmOptions = {
  seed: 1,
  peers: 50,
  origins: 1,
  bytes: 64 * MiB,
  pieceBytes: 1 * MiB,
  originUp: 2_500_000,
  originLimit: 0,
  peerUp: 1_250_000,
  peerDown: 12_500_000,
  latencyMs: 20,
  loss: 0,
  lan: false,
  neighbours: 20,
  watch: 0,
  apart: 0,
  playRate: 1_000_000,
  arriveWithinMs: 10 * second,
  arrivalsPerSecond: 0,
  leaveWhenDone: false,
  churnPerHour: 0,
  awayMs: 60 * second,
  partitions: 0,
  partitionMs: 20 * second,
  corrupt: 0,
  stall: 0,
  lie: 0,
  proven: false,
  launder: 0,
  known: 0,
  diskBytesPerSecond: 500_000_000,
  diskFails: 0,
  shuffle: 0,
  limitMs: 7 * 24 * 3600 * second,
};

/**
 * A. R. Bharambe, C. Herley, V. N. Padmanabhan, "Analyzing and Improving a BitTorrent Network's Performance Mechanisms",
 * INFOCOM 2006, the setting its figures begin with: 1,000 peers with 1500/400 kb/s that all come within ten seconds and
 * leave when they are done, an origin with 6 Mb/s, 400 pieces of 256 KiB, seven neighbours each.
 */
const bharambe: SwarmOptions = {
  ...defaultSwarm,
  peers: 1000,
  bytes: 400 * 256 * KiB,
  pieceBytes: 256 * KiB,
  originUp: 750_000,
  peerUp: 50_000,
  peerDown: 187_500,
  neighbours: 7,
  arriveWithinMs: 10 * second,
  leaveWhenDone: true,
};

export const swarmPresets = { default: defaultSwarm, bharambe } as const;
export type SwarmPreset = keyof typeof swarmPresets;
