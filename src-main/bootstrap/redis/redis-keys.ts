import type { DeviceId } from '#shared/ids.ts';

/**
 * So many parts the state in Redis has. All keys of a part carry the same hash tag, so that in a cluster they lie in one slot: everything of one
 * device is changed in one step there, and the parts spread over as many machines.
 */
export const shards = 16;

/** The number in it is the version of all that lies under these keys. */
const prefix = 'distrishare:2:';

/** FNV-1a: device ids are hashes already, but their first letters spread over 32 values only. */
export function shardOf(deviceId: DeviceId): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < deviceId.length; at++) hash = Math.imul(hash ^ deviceId.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shards;
}

export interface ShardKeys {
  /** The stamp of the last change of this part. */
  readonly stamp: string;
  /** Hash: nodes by device id. */
  readonly nodes: string;
  /** Sorted set: when devices were heard of last, by the clock of Redis, in milliseconds. */
  readonly heard: string;
  /** The channel on which each change is told. */
  readonly changes: string;
  /** Hash: what a device announced, by content id. */
  readonly entries: (deviceId: DeviceId) => string;
}

export function shardKeys(shard: number): ShardKeys {
  const start = `${prefix}{${shard}}:`;
  return { stamp: `${start}stamp`, nodes: `${start}nodes`, heard: `${start}heard`, changes: `${start}changes`, entries: (deviceId) => `${start}entries:${deviceId}` };
}

/** What all servers sign tokens with. */
export const secretKey = `${prefix}secret`;
/** A nonce that was used at one of them. */
export const nonceKey = (nonce: string): string => `${prefix}nonce:${nonce}`;
/** On which servers hand each other what devices tell each other. */
export const mailChannel = `${prefix}mail`;
