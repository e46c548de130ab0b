import type { Bytes, Millis } from '#shared/units.ts';
import type { Contents } from './content.ts';
import type { PeerNumber } from './events.ts';

export interface SwarmLimits {
  /** Buffers of all pieces in flight. */
  readonly receiveBudgetBytes: Bytes;
  /** Buffers of one download's pieces in flight. */
  readonly requestWindowBytes: Bytes;
}

export interface SwarmOptions {
  readonly limits: SwarmLimits;
  /** Shared with whatever serves them. */
  readonly contents: Contents;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly deliveries: Deliveries;
}

/** Told of every block that arrives. */
export interface Deliveries {
  received(now: Millis, peer: PeerNumber, bytes: Bytes): void;
}
