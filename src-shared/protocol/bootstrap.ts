import * as z from 'zod';
import { formatAddress, parseAddress } from '../address.ts';
import { limits } from '../limits.ts';
import { bytesSchema, contentIdSchema, deviceIdSchema } from '../model/ids.ts';
import { fileTypeSchema } from '../model/search.ts';
import { nameBytes } from '../names.ts';

/**
 * What a node and a bootstrap server say to each other, version 1. A server learns of a node: its device id, its addresses, the tags of its
 * rooms, and ids, names and sizes of what it shares with everybody. It never learns a passphrase, a room's name or a device's name.
 */

const { bootstrap } = limits;

const isIp = (host: string): boolean => z.ipv4().safeParse(host).success || z.ipv6().safeParse(host).success;

/** An IP address: outside addresses have no port. */
export const hostSchema = z.string().max(45).refine(isIp, 'IP address');

/** `HOST:PORT` or `[IPV6]:PORT` as `formatAddress` writes it. IP addresses only: a name would make others ask a resolver for it. */
export const nodeAddressSchema = z.string().max(54).refine((text) => {
  const address = parseAddress(text);
  return address !== null && isIp(address.host) && formatAddress(address) === text;
}, 'IP address and port');

/** 16 lower-case hex digits: a truncated HMAC under the room's secret, of which it says nothing. */
export const roomTagSchema = z.string().regex(/^[0-9a-f]{16}$/);
export type RoomTag = z.infer<typeof roomTagSchema>;

/** What the client calls the state of its list of entries: whoever reads its own again knows that the server has all of it. */
export const revisionSchema = z.string().max(64);

/** One public share, or one public file in one. A device announces each content once. */
export const entrySchema = z.object({
  contentId: contentIdSchema,
  kind: z.enum(['file', 'folder']),
  /** Half a character becomes U+FFFD: one in a name would make a Redis refuse all that is written with it. */
  name: z.string().min(1).overwrite((name) => name.replace(/\p{Surrogate}/gu, '\ufffd')).refine((name) => nameBytes(name) <= limits.names.componentBytes, 'too long'),
  bytes: bytesSchema,
  /** What the device has of it, in whole percent; left out: all. Only the operator is shown that. */
  have: z.int().min(0).max(100).optional(),
});
export type Entry = z.infer<typeof entrySchema>;

/** A registered node as others see it. */
export const nodeSchema = z.object({
  deviceId: deviceIdSchema,
  /** What the node says of itself. A lie costs a dial: whoever answers there has to prove its id. */
  addresses: z.array(nodeAddressSchema).max(bootstrap.addressesPerNode),
  /** Where the server sees it come from. */
  outside: hostSchema,
});
export type BootstrapNode = z.infer<typeof nodeSchema>;

export const addressAnswerSchema = z.object({
  address: hostSchema,
  /** Null when a proxy stands between. */
  port: z.int().min(1).max(65_535).nullable(),
});

export const challengeAnswerSchema = z.object({ nonce: z.string().max(200), expiresMs: z.int().positive() });

const base64 = (most: number) => z.string().max(most).regex(/^[A-Za-z0-9+/]+={0,2}$/);
export const tokenRequestSchema = z.object({
  /** The device's public key: SPKI in DER, in base64. */
  key: base64(200),
  nonce: z.string().max(200),
  /** ECDSA with SHA-256 over `signInMessage`, in DER, in base64. */
  signature: base64(200),
});
export const tokenAnswerSchema = z.object({ deviceId: deviceIdSchema, token: z.string().max(300), expiresMs: z.int().positive() });

export const registerRequestSchema = z.object({
  addresses: z.array(nodeAddressSchema).max(bootstrap.addressesPerNode),
  rooms: z.array(roomTagSchema).max(bootstrap.roomsPerNode),
});
export const registerAnswerSchema = z.object({
  deviceId: deviceIdSchema,
  heartbeatMs: z.int().positive(),
  /** Who is not heard of for so long is forgotten. */
  silenceMs: z.int().positive(),
  /** Of the last change of entries; null when the server has none of this device. */
  revision: revisionSchema.nullable(),
  entries: z.int().nonnegative(),
});

export const heartbeatAnswerSchema = z.object({ revision: revisionSchema.nullable(), entries: z.int().nonnegative() });

export const entriesRequestSchema = z.object({
  /** Forget what was announced before; the first request of a whole list. */
  reset: z.boolean().default(false),
  add: z.array(entrySchema).max(bootstrap.entriesPerRequest).default([]),
  remove: z.array(contentIdSchema).max(bootstrap.entriesPerRequest).default([]),
  /** Of the list that this adds to and removes from; a server that has another one goes on without a revision. Left out: whatever the server has. */
  base: revisionSchema.nullable().optional(),
  revision: revisionSchema,
});
export type EntriesRequest = z.infer<typeof entriesRequestSchema>;

export const roomRequestSchema = z.object({ room: roomTagSchema, after: deviceIdSchema.optional() });
export const roomAnswerSchema = z.object({
  /** By device id, without the one who asks. */
  nodes: z.array(nodeSchema).max(bootstrap.nodesPerPage),
  /** What to give as `after` for the rest; null: there is none. */
  next: deviceIdSchema.nullable(),
});

export const holdersRequestSchema = z.object({ contentIds: z.array(contentIdSchema).min(1).max(bootstrap.contentsPerQuestion) });
export const holdersAnswerSchema = z.object({
  contents: z.array(z.object({
    contentId: contentIdSchema,
    holders: z.array(nodeSchema).max(bootstrap.holdersPerContent),
    /** There are more; which are named changes from question to question. */
    truncated: z.boolean(),
  })).max(bootstrap.contentsPerQuestion),
});

export const searchRequestSchema = z.object({
  words: z.string().min(1).max(limits.search.queryChars),
  type: fileTypeSchema.default('any'),
  minBytes: bytesSchema.optional(),
  maxBytes: bytesSchema.optional(),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

/** One distinct content. The best name is shown; the client ranks it again, as it does with what devices answer. */
export const bootstrapHitSchema = z.object({
  ...entrySchema.omit({ have: true }).shape,
  score: z.number(),
  holders: z.array(deviceIdSchema).max(bootstrap.holdersPerHit),
  /** How many announced it, named here or not. */
  holderCount: z.int().positive(),
});
export type BootstrapHit = z.infer<typeof bootstrapHitSchema>;
export const searchAnswerSchema = z.object({
  /** Best first. */
  hits: z.array(bootstrapHitSchema).max(limits.search.results),
  /** More matched than were looked at or are listed. */
  truncated: z.boolean(),
});

export const nothingSchema = z.object({});

export const healthAnswerSchema = z.object({
  status: z.enum(['ok', 'degraded', 'draining']),
  version: z.string(),
  /** Stable codes of what does not work, as `store-disk-full`. */
  problems: z.array(z.string()),
});
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;
