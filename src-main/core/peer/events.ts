import type { Bytes, Millis } from '#shared/units.ts';
import type { Line } from '../rate/rate-gate.ts';
import type { ServeEvent, ServeSink } from '../serve/events.ts';
import type { Pieces } from '../swarm/members.ts';
import type { SwarmEvent, SwarmSink } from '../swarm/events.ts';
import type { PeerNumber } from '../swarm/numbers.ts';

/** A file, by the number the driver gave it; the same for what we download and what we serve. */
export type ContentNumber = number;

/** What happens to a peer: its own downloads, what others ask and say, and what became of effects. */
export type PeerEvent =
  | Exclude<SwarmEvent, { type: 'peer-up' | 'peer-down' | 'tick' | 'source-has' | 'choked' }>
  | Exclude<ServeEvent, { type: 'peer-up' | 'peer-down' | 'tick' | 'news' }>
  /** A link is up. `local`: on this machine or network. `line`: which of ours it is behind. `strikes`: bad pieces it sent before. */
  | { readonly type: 'peer-up'; readonly peer: PeerNumber; readonly latencyMs: Millis; readonly local: boolean; readonly line?: Line | null; readonly strikes?: number }
  | { readonly type: 'peer-down'; readonly peer: PeerNumber }
  /** We can serve this content, besides what is being downloaded under the same number. `have` null: nothing yet. `shown`: of what we have or get others hear of these pieces only, until more are shown; of all, when it is left out. */
  | { readonly type: 'content-kept'; readonly content: ContentNumber; readonly pieces: number; readonly have: Pieces | null; readonly shown?: Uint8Array }
  /** Others may hear of these pieces too, now or as soon as we have them. */
  | { readonly type: 'pieces-shown'; readonly content: ContentNumber; readonly pieces: readonly number[] }
  /** We serve it no more. */
  | { readonly type: 'content-dropped'; readonly content: ContentNumber }
  /** Perhaps this peer takes part in the swarm of a content: tell it that we do. */
  | { readonly type: 'member-found'; readonly content: ContentNumber; readonly peer: PeerNumber }
  /** A peer takes part in the swarm of a content, with these pieces. */
  | { readonly type: 'joined'; readonly content: ContentNumber; readonly peer: PeerNumber; readonly pieces: Pieces }
  | { readonly type: 'has'; readonly content: ContentNumber; readonly peer: PeerNumber; readonly piece: number }
  | { readonly type: 'left'; readonly content: ContentNumber; readonly peer: PeerNumber }
  /** A peer lets us begin no new piece, or does again. */
  | { readonly type: 'choked'; readonly peer: PeerNumber; readonly choked: boolean }
  | { readonly type: 'tick' };

/** What a peer wants done: messages to others, and effects of its two halves. */
export interface PeerSink extends SwarmSink, ServeSink {
  /** Say that we take part in a content's swarm, with the pieces we show; `pieces` is valid during the call only. */
  join(peer: PeerNumber, content: ContentNumber, pieces: Pieces): void;
  has(peer: PeerNumber, content: ContentNumber, piece: number): void;
  leave(peer: PeerNumber, content: ContentNumber): void;
}

/** Buffers and requests of one node. */
export interface PeerLimits {
  readonly receiveBudgetBytes: Bytes;
  readonly requestWindowBytes: Bytes;
}
