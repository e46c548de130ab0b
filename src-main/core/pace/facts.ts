import type { SourceState } from '#shared/model/brake.ts';
import type { LimitCause } from '#shared/model/limit.ts';
import type { Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/numbers.ts';

/** What a device says holds it back from giving us more; `you`: it waits for us to ask. */
export type Excuse = 'limit' | 'turns' | 'machine' | 'link' | 'you' | 'nothing';

/** How this machine is doing. */
export interface MachineFacts {
  /** Part of the time that the thread of the links worked, 0 … 1. */
  readonly loop: number;
  /** Processor cores that all threads of the program kept busy. */
  readonly cores: number;
}

export interface SourceFacts {
  readonly peer: PeerNumber;
  readonly state: SourceState;
  /** Bytes/s. */
  readonly rate: number;
  /** Which limit of ours made its requests wait in the last moments. */
  readonly limit: LimitCause | null;
  /** Null: it was not asked, or did not answer. */
  readonly excuse: Excuse | null;
  /** The last round trip, and the shortest one there was; null: not measured. */
  readonly delayMs: Millis | null;
  readonly restMs: Millis | null;
}

/** What is measured of a running download at one moment. */
export interface DownloadFacts {
  readonly machine: MachineFacts;
  /** Others are fetched first, and nothing of this one is on its way. */
  readonly behind: boolean;
  /** No buffer is free for another piece, and most are full and wait for the disk's thread. */
  readonly buffersWait: boolean;
  /** Everything that is missing has been asked for. */
  readonly finishing: boolean;
  readonly sources: readonly SourceFacts[];
}

/** What is measured of what goes out to one device. */
export interface UploadFacts {
  readonly machine: MachineFacts;
  readonly peer: PeerNumber;
  /** As of a source. */
  readonly limit: LimitCause | null;
  readonly choked: boolean;
  /** Blocks that wait for their turn. */
  readonly queued: number;
  /** Blocks that are read from the disk, or lie before the path. */
  readonly inService: number;
  /** How many of them, of all devices, are still being read; and how many there are. */
  readonly reading: number;
  readonly inServiceOfAll: number;
}
