import type { SocketAddress } from '#shared/address.ts';
import type { CallResult, TransferSource } from '#shared/api/contract.ts';
import type { Diagnosis } from '#shared/model/diagnosis.ts';
import type { TransferId } from '#shared/ids.ts';
import type { Direction, PeerLimits } from '#shared/model/limit.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import type { Priority, Transfer } from '#shared/model/transfer.ts';
import type { NodeEvents } from './events.ts';
import type { Offers } from './offers/offers.ts';
import type { Devices } from './peers/devices.ts';
import type { PairingService } from './peers/pairing.ts';
import type { Library } from './ports/library.ts';
import type { Link } from './ports/links.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { SearchService } from './search/search-service.ts';
import type { FinishedUploads } from './serving/finished-uploads.ts';
import type { Uploads } from './serving/uploads.ts';
import type { SettingsStore } from './settings-store.ts';
import type { ListedTransfers } from './listed-transfers.ts';
import type { TransfersService } from './transfers/transfers-service.ts';

/** The services of a running node, as its NodeApi sees them. */
export interface NodeParts {
  readonly events: NodeEvents;
  readonly settings: SettingsStore;
  readonly devices: Devices;
  readonly library: Library;
  readonly transfers: TransfersService;
  readonly uploads: Uploads;
  readonly finishedUploads: FinishedUploads;
  readonly offers: Offers;
  readonly pairing: PairingService;
  readonly rooms: Rooms;
  readonly search: SearchService;
  readonly demo: { start(): Promise<void>; stop(): Promise<void> };
  status(): Promise<NodeStatus>;
  /** Why nobody, or one device, appears. */
  diagnose(peer: string | null, signal: AbortSignal): Promise<Diagnosis>;
  connect(address: SocketAddress, signal: AbortSignal): Promise<Peer>;
  block(peer: string, blocked: boolean): Promise<Peer>;
  unpair(peer: string): Promise<Peer>;
  setLimits(peer: string, change: Partial<PeerLimits>): Promise<Peer>;
  forgetDevice(peer: string): Promise<void>;
  browse(link: Link, path: string, cursor: string | undefined, limit: number, signal: AbortSignal): Promise<CallResult<'browse.list'>>;
  listTransfers(which: ListedTransfers, cursor: string | undefined, limit: number): Promise<CallResult<'transfers.list'>>;
  forgetTransfers(id: TransferId | undefined, direction: Direction | undefined): Promise<number>;
  startDownload(source: TransferSource, how: { readonly to: string | undefined; readonly priority: Priority; readonly inOrder: boolean }, signal: AbortSignal): Promise<Transfer>;
}
