import type { WirePieces } from '#shared/protocol/swarm-frames.ts';
import type { Link } from './links.ts';

/** How what this device gives reaches a link: blocks, and what it says it has. */
export interface Outgoing {
  /** As `Link.sendBlock`. */
  sendBlock(link: Link, lane: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed: boolean): Promise<boolean>;
  join(link: Link, key: Uint8Array, pieces: WirePieces): void;
}

export const straightOut: Outgoing = {
  sendBlock: (link, lane, requestId, payload, pieceHash, isCompressed) => link.sendBlock(lane, requestId, payload, pieceHash, isCompressed),
  join: (link, key, pieces) => { link.join(key, pieces); },
};
