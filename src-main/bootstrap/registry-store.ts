import type { ErrorCode } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import type { Millis } from '#shared/units.ts';
import type { KnownNode, NodeRecord, StoredNode } from './registry/node-record.ts';

/** What a store reads the state from when it has to write all of it again, and changes when it is time. */
export interface RegistryState {
  nodes(): Iterable<NodeRecord>;
  expire(now: Millis, most: number): number;
}

/** The same for a store whose state other servers change, too. */
export interface SharedState extends RegistryState {
  node(deviceId: DeviceId): NodeRecord | undefined;
  adopt(known: KnownNode, anew: boolean): NodeRecord | null;
  adoptEntries(node: NodeRecord, add: readonly Entry[], remove: readonly ContentId[]): void;
  unregister(deviceId: DeviceId): boolean;
  trustOthers(now: Millis): void;
}

/** What a store gives back when the server starts. */
export interface RestoredState {
  /** Null when this node is not wanted; then neither are its entries. */
  node(stored: StoredNode): NodeRecord | null;
  /** False when it is not wanted. */
  entry(node: NodeRecord, entry: Entry): boolean;
}

/**
 * Keeps the registry's state, so that a server that was killed comes back with it. Changes are told in order and take effect in that
 * order; heartbeats are not kept on a disk. A store that fails does not fail its server: it says what is wrong, and writes everything again when it can.
 */
export interface RegistryStore {
  /** Gives back the nodes that are kept. Called once, before anything is told. */
  loadNodes(into: RestoredState): Promise<void>;
  /** Gives back their entries, while nodes change already but announce nothing. False when not all could be read. Never rejects. */
  loadEntries(into: RestoredState): Promise<boolean>;
  nodeChanged(node: NodeRecord): void;
  nodeGone(node: NodeRecord): void;
  entryAdded(node: NodeRecord, entry: Entry): void;
  entryRemoved(node: NodeRecord, contentId: ContentId): void;
  /** Resolves when what was told until now is written, or cannot be. Never rejects. */
  settled(): Promise<void>;
  /** Forgets who was silent for too long, as far as this server can tell, at most so many at a time; answers with how many. */
  expire(now: Millis, most: number): number;
  /** How long ago other servers have heard of these devices, as far as they have and that is known. Never rejects. */
  heardMsAgo(devices: readonly DeviceId[]): Promise<ReadonlyMap<DeviceId, Millis>>;
  /** What keeps it from writing, or null. */
  readonly problem: ErrorCode | null;
  /** Writes what waits, and lets go of what it holds. */
  close(): Promise<void>;
}
