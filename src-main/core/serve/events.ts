import { limits } from '#shared/limits.ts';
import { KiB, second } from '#shared/units.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { Line, RateScope } from '../rate/rate-gate.ts';
import type { PeerNumber } from '../swarm/numbers.ts';

/** The asking device's own number for a block it wants; unique per peer while it is open. */
export type WantNumber = number;

/** What happens to the serve machine. */
export type ServeEvent =
  /** `local`: on this machine or this network, where nobody is throttled unless the user set a limit. */
  | { readonly type: 'peer-up'; readonly peer: PeerNumber; readonly local: boolean; readonly line?: Line | null }
  | { readonly type: 'peer-down'; readonly peer: PeerNumber }
  /** A block is wanted. `content`: number of the content when its swarm is known here, else null. */
  | { readonly type: 'wanted'; readonly peer: PeerNumber; readonly want: WantNumber; readonly content: number | null; readonly piece: number; readonly bytes: Bytes }
  | { readonly type: 'unwanted'; readonly peer: PeerNumber; readonly want: WantNumber }
  /** A block that `serve` named has gone out, in so many bytes (fewer than it has when compressed), or nothing of it will (0). One whose connection ended counts as sent, since a part of it may be. */
  | { readonly type: 'served'; readonly peer: PeerNumber; readonly want: WantNumber; readonly bytes: Bytes }
  /** Somebody may have become interested: a member joined, a piece is ours. */
  | { readonly type: 'news' }
  /** Bytes/s to all peers together, those over one line, or one peer (until it is down); null for no limit. */
  | { readonly type: 'upload-limit'; readonly bytesPerSecond: number | null; readonly scope?: RateScope }
  | { readonly type: 'tick' };

export type ServeRefusal = 'busy' | 'choked' | 'elsewhere';

/** What the serve machine wants done. */
export interface ServeSink {
  /** Read and send the block, then tell with `served`. */
  serve(peer: PeerNumber, want: WantNumber): void;
  refuse(peer: PeerNumber, want: WantNumber, why: ServeRefusal): void;
  /** Tell the peer that it may begin no new piece, or may again. */
  choke(peer: PeerNumber, choked: boolean): void;
}

/** Who is served how much; the defaults are BitTorrent's. */
export interface ServeSettings {
  /** Peers served at once at least; more as the capacity allows. */
  readonly slots: number;
  /** Each further slot needs this much upload capacity, bytes/s. */
  readonly slotBytesPerSecond: number;
  readonly rechokeMs: Millis;
  readonly optimisticMs: Millis;
  /** Over this time rates are taken. */
  readonly rateWindowMs: Millis;
  /** A peer we want from that gave nothing for this long keeps no slot of its own. */
  readonly snubbedAfterMs: Millis;
  /** While we only give, a slot goes to somebody else after this long. */
  readonly turnMs: Millis;
  /** Blocks being read or sent at once. */
  readonly blocksAtOnce: number;
  /** Blocks one peer may have waiting. */
  readonly wantsPerPeer: number;
}

export const defaultServeSettings: ServeSettings = {
  slots: 4,
  slotBytesPerSecond: 128 * KiB,
  rechokeMs: 10 * second,
  optimisticMs: 30 * second,
  rateWindowMs: 20 * second,
  snubbedAfterMs: 60 * second,
  turnMs: 60 * second,
  blocksAtOnce: 12,
  wantsPerPeer: 2 * limits.transfer.requestsInFlightPerPeer,
};
