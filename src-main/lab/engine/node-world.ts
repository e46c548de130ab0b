import type { RefusalKind } from '../../core/swarm/events.ts';
import type { Disks } from './disk.ts';
import type { Links } from './links.ts';
import type { Network } from './network.ts';
import type { EventKind, Simulation } from './simulation.ts';
import type { CheckedFile, LeakChecker } from './swarm-checker.ts';

/** How a node treats others. Only its words and bytes differ: inside each there is the same machine. */
export type Behaviour = 'honest' | 'corrupt' | 'stall' | 'lie' | 'launder';

/** Messages between nodes; their parcels carry the numbers in this order. */
export const messages = { joined: 0, has: 1, left: 2, choked: 3, wanted: 4, unwanted: 5, refused: 6 } as const;
/** A refusal says why by its place here. */
export const refusals: readonly RefusalKind[] = ['gone', 'busy', 'choked', 'elsewhere'];

/** The one content of a simulated swarm, by the number every node gives it. */
export const content = 1;
export const download = 1;

/** What the nodes of a swarm share. */
export interface NodeWorld {
  readonly simulation: Simulation;
  readonly network: Network;
  readonly disks: Disks;
  readonly file: CheckedFile;
  readonly lan: boolean;
  /** Chance that an arrival is told twice. */
  readonly repeats: number;
  /** Peers pass on only what the one whose word they take has shown to have. */
  readonly proven: boolean;
  readonly kinds: { readonly wake: EventKind; readonly reopen: EventKind; readonly complete: EventKind; readonly again: EventKind; readonly askAgain: EventKind };
  readonly links: Links;
  readonly leaks: LeakChecker;
  isHonest(node: number): boolean;
  /** Its user watches the file while it arrives. */
  isWatching(node: number): boolean;
  /** What its user lets it upload, bytes/s; null: no limit. */
  uploadLimitOf(node: number): number | null;
  /** No origin lets it have the file. */
  isOutside(node: number): boolean;
}
