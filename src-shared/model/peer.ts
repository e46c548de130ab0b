import * as z from 'zod';
import { contentIdSchema, deviceIdSchema, millisSchema, timestampSchema, bytesSchema } from './ids.ts';
import { peerLimitsSchema } from './limit.ts';
import { vpnSchema } from './network.ts';

/** Ways a device was found. A device can have been found in several; each is a hint, never a proof. `room`: another member of a room, or an invitation, told of it; `server`: a bootstrap server. */
export const peerSourceSchema = z.enum(['multicast', 'mdns', 'address', 'incoming', 'room', 'server']);
export type PeerSource = z.infer<typeof peerSourceSchema>;

/** The trust ladder. `seen`: linked once. `verified`: codes compared. `paired`: the user's own or a friend's. `blocked`: sees nothing. */
export const trustSchema = z.enum(['seen', 'verified', 'paired', 'blocked']);
export type Trust = z.infer<typeof trustSchema>;

export const platformSchema = z.enum(['linux', 'windows', 'mac', 'other']);
export type Platform = z.infer<typeof platformSchema>;

/** How bytes travel to a device; `relay`: through a server, which sees nothing of them. */
export const pathKindSchema = z.enum(['loopback', 'lan', 'overlay', 'internet', 'relay']);
export type PathKind = z.infer<typeof pathKindSchema>;

/** A piece that a device sent and that did not have the hash it must have. */
export const badPieceSchema = z.object({
  /** Path of the file, `/`-separated, as it is written here. */
  file: z.string(),
  /** Root of the file; null while it was not known. */
  contentId: contentIdSchema.nullable(),
  piece: z.int().nonnegative(),
  at: timestampSchema,
  /** What it must hash to, 64 hex digits; null when only its sender said what. */
  expected: z.string().nullable(),
});
export type BadPiece = z.infer<typeof badPieceSchema>;

/** What is held against a device, as evidence: the pieces it sent that were wrong. */
export const badPiecesSchema = z.object({
  count: z.int().positive(),
  /** It is asked for nothing any more, until all of this is forgotten. */
  banned: z.boolean(),
  /** When all of this is forgotten. */
  until: timestampSchema,
  /** The latest ones, oldest first; at most 8. */
  latest: z.array(badPieceSchema),
});
export type BadPieces = z.infer<typeof badPiecesSchema>;

export const peerSchema = z.object({
  id: deviceIdSchema,
  /** The name the device gives itself; text, never markup. */
  name: z.string(),
  /** 64 hex digits, SHA-256 of the device id: draws the avatar. */
  avatarSeed: z.string(),
  platform: platformSchema,
  online: z.boolean(),
  trust: trustSchema,
  autoAccept: z.boolean(),
  sources: z.array(z.object({ source: peerSourceSchema, address: z.string(), lastSeen: timestampSchema })),
  /** Address of the present link, `host:port`; null while offline. */
  address: z.string().nullable(),
  path: pathKindSchema.nullable(),
  /** The VPN that leads to it; only there on an `overlay` path, when our own end of it tells. */
  vpn: vpnSchema.optional(),
  /** The server that carries the link; only there on a `relay` path. */
  relay: z.string().optional(),
  /** Smoothed round trip of the link, milliseconds; null until measured. */
  latencyMs: millisSchema.nullable(),
  lastSeen: timestampSchema,
  /** What it shows us: names of the first shares, their number and total size. */
  shares: z.object({ names: z.array(z.string()), count: z.int().nonnegative(), bytes: bytesSchema }),
  /** Rates of the last seconds, bytes/s. */
  downRate: z.number().nonnegative(),
  upRate: z.number().nonnegative(),
  version: z.string(),
  /** Only there when the user set one. */
  limits: peerLimitsSchema.optional(),
  /** Only there when it sent wrong pieces lately. */
  badPieces: badPiecesSchema.optional(),
});
export type Peer = z.infer<typeof peerSchema>;

/** A comparison of codes with another device, while it runs. Both people look whether the two codes are the same. */
export const pairingSchema = z.object({
  peer: deviceIdSchema,
  state: z.enum(['exchanging', 'compare', 'waiting-for-them', 'done', 'failed']),
  code: z.string().nullable(),
  startedByUs: z.boolean(),
  expiresAt: timestampSchema,
});
export type Pairing = z.infer<typeof pairingSchema>;
