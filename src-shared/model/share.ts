import * as z from 'zod';
import { bytesSchema, contentIdSchema, deviceIdSchema, shareIdSchema, timestampSchema } from './ids.ts';
import { errorInfoSchema } from './error.ts';

/**
 * Who may see a share. `devices`: paired devices, or those listed. `everyone`: devices on this network (on-link or
 * loopback). `room`: members of a room, by its id, wherever they are. `public`: explicit; also reaches servers' indexes.
 * Rules fail closed.
 */
export const audienceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('nobody') }),
  z.object({ kind: z.literal('devices'), devices: z.array(deviceIdSchema).max(1000) }),
  z.object({ kind: z.literal('room'), room: z.string() }),
  z.object({ kind: z.literal('everyone') }),
  z.object({ kind: z.literal('public') }),
]);
export type Audience = z.infer<typeof audienceSchema>;
export const audienceKinds = ['nobody', 'devices', 'room', 'everyone', 'public'] as const;

export const shareStateSchema = z.enum(['scanning', 'hashing', 'ready', 'missing', 'paused']);

export const shareSchema = z.object({
  id: shareIdSchema,
  name: z.string(),
  path: z.string(),
  kind: z.enum(['file', 'folder']),
  audience: audienceSchema,
  state: shareStateSchema,
  files: z.int().nonnegative(),
  folders: z.int().nonnegative(),
  bytes: bytesSchema,
  hashedFiles: z.int().nonnegative(),
  hashedBytes: bytesSchema,
  /** Seconds until everything is hashed; null when unknown or done. */
  etaSeconds: z.number().nonnegative().nullable(),
  /** Root of the manifest tree (folder) or of the file; null until everything is hashed. */
  contentId: contentIdSchema.nullable(),
  /** Files that cannot be shared, with the reason of the first ones. */
  problems: z.object({ count: z.int().nonnegative(), first: z.array(z.object({ path: z.string(), error: errorInfoSchema })) }),
  addedAt: timestampSchema,
});
export type Share = z.infer<typeof shareSchema>;

/** What a listing shows of one file or folder. */
export const entrySchema = z.object({
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  bytes: bytesSchema,
  /** Files inside, for a folder; 1 for a file. */
  files: z.int().nonnegative(),
  modifiedAt: timestampSchema,
  /** Null until hashed. */
  contentId: contentIdSchema.nullable(),
  /** Bytes of it that are already on this device; null when not known (folders not looked into). */
  haveBytes: bytesSchema.nullable(),
});
export type Entry = z.infer<typeof entrySchema>;
