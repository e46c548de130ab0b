import type { NodeEvent } from '#shared/api/events.ts';
import type { CallResult } from '#shared/api/contract.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import type { SearchState } from '#shared/model/search.ts';
import type { Share } from '#shared/model/share.ts';
import type { FilePriority, Transfer } from '#shared/model/transfer.ts';
import type { Settings } from '#shared/settings.ts';

/** Everything the invented node knows. */
export interface World {
  settings: Settings;
  peers: Peer[];
  transfers: Transfer[];
  /** What was said of single files: transfer → file → priority. */
  readonly filePriorities: Map<string, Map<number, FilePriority>>;
  rooms: Room[];
  shares: Share[];
  offers: Offer[];
  search: SearchState | null;
  searchSeconds: number;
  demo: 'off' | 'starting' | 'on';
  emit(event: NodeEvent): void;
  status(): CallResult<'node.status'>;
}
