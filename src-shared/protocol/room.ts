import * as z from 'zod';
import { limits } from '../limits.ts';
import { deviceIdSchema, roomIdSchema, timestampSchema } from '../model/ids.ts';
import { vpnSchema } from '../model/network.ts';
import { pathKindSchema } from '../model/peer.ts';
import { deviceNameSchema } from './hello.ts';

const hex = (bytes: number) => z.string().length(2 * bytes).regex(/^[0-9a-f]*$/);
const base64 = (most: number) => z.string().max(most).regex(/^[A-Za-z0-9+/]*={0,2}$/);
const devices = z.array(deviceIdSchema).max(limits.rooms.members);

/** What holds for a room, as whoever made it says. Of two cards the one with the higher version counts. */
export const roomCardSchema = z.object({
  id: roomIdSchema,
  owner: deviceIdSchema,
  version: z.int().positive(),
  /** Counts passphrases. */
  epoch: z.int().positive(),
  /** Tells whether a secret is that of this epoch; says nothing about it to others. */
  secretHash: hex(32),
  name: z.string().min(1).max(limits.rooms.nameChars),
  createdAt: timestampSchema,
  endsAt: timestampSchema.nullable(),
  /** Who is not let in any more. */
  removed: devices,
  /** Who may be given the secret of this epoch for an earlier one: those the owner has met, but nobody whose key came later. */
  heirs: devices,
});
export type RoomCard = z.infer<typeof roomCardSchema>;

/** A card with the proof that its owner made it. */
export const signedCardSchema = z.object({
  /** JSON of a room card: what is signed is exactly this text. */
  text: z.string().max(limits.link.controlBodyBytes / 2),
  /** The owner's public key, SPKI in DER. */
  key: base64(200),
  /** ECDSA P-256 with SHA-256, 64 bytes. */
  signature: base64(100),
});
export type SignedCard = z.infer<typeof signedCardSchema>;

/** Names a passphrase of a room to somebody who has proven that it knows it; also what servers are told. */
const tagSchema = hex(8);

export const knownMemberSchema = z.object({
  id: deviceIdSchema,
  name: deviceNameSchema,
  /** Where it takes links, `HOST:PORT`, and how whoever says so reaches it there: by which VPN, when that is known. */
  addresses: z.array(z.object({ address: z.string().max(300), path: pathKindSchema, vpn: vpnSchema.optional() })).max(limits.rooms.addresses),
});
export type KnownMember = z.infer<typeof knownMemberSchema>;

/** What members of a room tell each other, as one-way messages: docs/protocol.md, Rooms. */
export const roomNotices = [
  /**
   * One for each passphrase we know, bound to this link and to both devices; others are random, so that their number says little. `asks`: whoever finds
   * something new in them shall prove the same, because we know of it only since now.
   */
  z.object({ kind: z.literal('room-proofs'), proofs: z.array(hex(32)).max(2 * limits.rooms.joined), asks: z.boolean() }),
  /** The version of the card we hold; 0: none. Whoever has a newer one sends it. */
  z.object({ kind: z.literal('room-state'), tag: tagSchema, version: z.int().nonnegative() }),
  /** `tag`: the passphrase the receiver has proven. `secret`: that of the card, where it is another one and the receiver may have it. */
  z.object({ kind: z.literal('room-update'), tag: tagSchema, card: signedCardSchema, secret: hex(16).nullable() }),
  z.object({ kind: z.literal('room-members'), tag: tagSchema, members: z.array(knownMemberSchema).max(limits.rooms.members) }),
  z.object({ kind: z.literal('room-left'), tag: tagSchema }),
] as const;
export type RoomNotice = z.infer<(typeof roomNotices)[number]>;
