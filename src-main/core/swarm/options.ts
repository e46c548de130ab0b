import type { Bytes, Millis } from '#shared/units.ts';
import type { Contents } from './content.ts';
import type { PeerNumber, RequestNumber } from './numbers.ts';

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
  readonly arrivals: Arrivals;
}

/** Knows how much of a block has come that is still on its way, or that was when its connection ended. */
export interface Arrivals {
  /** Bytes that came for it, as they travel. */
  moved(request: RequestNumber, peer: PeerNumber): Bytes;
  /** How long ago the last of them came, when some did. */
  quietMs(request: RequestNumber, peer: PeerNumber): Millis;
  /** Bytes that lie in its place, from its beginning on, and that nothing will change: none of a compressed one. */
  kept(request: RequestNumber, peer: PeerNumber): Bytes;
}

/** Told of every block that arrives. */
export interface Deliveries {
  received(now: Millis, peer: PeerNumber, bytes: Bytes): void;
}
