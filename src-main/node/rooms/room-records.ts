import * as z from 'zod';
import { toHex } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { deviceIdSchema, roomIdSchema, timestampSchema } from '#shared/model/ids.ts';
import { vpnSchema } from '#shared/model/network.ts';
import { pathKindSchema } from '#shared/model/peer.ts';
import { signedCardSchema } from '#shared/protocol/room.ts';
import type { RoomRecord } from '../../core/room/room-events.ts';
import { secretOfHex } from '../../core/room/room-keys.ts';
import { jsonTable } from '../../disk/store/store.ts';

const secretSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** What is kept of a room; whoever reads it can get into the room, as whoever reads the device's key can pose as the device. */
const roomRecordSchema = z.object({
  id: roomIdSchema,
  secret: secretSchema,
  past: z.array(secretSchema).max(limits.rooms.earlierSecrets),
  invited: secretSchema.nullable().optional(),
  signed: signedCardSchema.nullable(),
  hints: z.object({ name: z.string(), owner: deviceIdSchema, endsAt: timestampSchema.nullable() }).nullable(),
  members: z.array(z.object({
    id: deviceIdSchema, name: z.string(), met: z.boolean(), lastSeen: timestampSchema.nullable(),
    addresses: z.array(z.object({ address: z.string(), path: pathKindSchema, vpn: vpnSchema.optional() })),
  })),
  joinedAt: timestampSchema,
});
type KeptRoom = z.infer<typeof roomRecordSchema>;

export const roomsTable = jsonTable('rooms', roomRecordSchema);

export const keptRoom = (record: RoomRecord): KeptRoom => ({
  ...record, secret: toHex(record.secret), past: record.past.map(toHex), invited: record.invited == null ? null : toHex(record.invited), members: record.members.map((member) => ({ ...member, addresses: [...member.addresses] })),
});

export const roomOfKept = (kept: KeptRoom): RoomRecord => ({ ...kept, secret: secretOfHex(kept.secret), past: kept.past.map(secretOfHex), invited: kept.invited == null ? null : secretOfHex(kept.invited) });
