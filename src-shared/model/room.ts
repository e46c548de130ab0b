import * as z from 'zod';
import { deviceIdSchema, roomIdSchema, timestampSchema } from './ids.ts';

/** Somebody else in a room. */
export const roomMemberSchema = z.object({
  id: deviceIdSchema,
  /** The name the device gives itself; text, never markup. */
  name: z.string(),
  /** 64 hex digits, SHA-256 of the device id: draws the avatar. */
  avatarSeed: z.string(),
  /** Linked, and has proven over this very link that it knows the passphrase. */
  online: z.boolean(),
  /** When it was online last; null when we know of it from other members only. */
  lastSeen: timestampSchema.nullable(),
  /** Made the room. */
  isOwner: z.boolean(),
});
export type RoomMember = z.infer<typeof roomMemberSchema>;

/** A circle of people who know one generated passphrase, which is proven between them and never sent to anybody else. */
export const roomSchema = z.object({
  id: roomIdSchema,
  name: z.string(),
  /** `looking`: joined, and no member met yet, so that only what the invitation told is known. */
  state: z.enum(['looking', 'ready']),
  /** This device made it: it alone may rename it, let it end, and remove members. */
  isMine: z.boolean(),
  /** All but this device. */
  members: z.array(roomMemberSchema),
  /** When it ends by itself; null: never. */
  endsAt: timestampSchema.nullable(),
  joinedAt: timestampSchema,
});
export type Room = z.infer<typeof roomSchema>;

/** Why a room is gone. `removed`: whoever made it took this device out. */
export const roomEndSchema = z.enum(['left', 'ended', 'removed']);
export type RoomEnd = z.infer<typeof roomEndSchema>;

/** How somebody gets into a room. A secret: for the screen of whoever invites. */
export const invitationSchema = z.object({
  /** Twelve words. */
  words: z.string(),
  /** `distrishare:room/…`: the same, with what the room is called and where this device takes links. Also what the QR code says. */
  link: z.string(),
});
export type Invitation = z.infer<typeof invitationSchema>;
