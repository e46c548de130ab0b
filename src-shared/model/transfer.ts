import * as z from 'zod';
import { bytesSchema, contentIdSchema, deviceIdSchema, millisSchema, offerIdSchema, timestampSchema, transferIdSchema } from './ids.ts';
import { brakeSchema, sourceStateSchema } from './brake.ts';
import { errorInfoSchema } from './error.ts';
import { badPiecesSchema } from './peer.ts';

/**
 * `waiting`: not finished and not moving, for the reason given; goes on by itself when the reason is gone.
 * `paused`: the user paused it. `failed`: needs the user. Of an upload that ended, `cancelled`: less went out than was begun.
 */
export const transferStateSchema = z.enum(['queued', 'preparing', 'running', 'waiting', 'paused', 'checking', 'done', 'failed', 'cancelled']);
export type TransferState = z.infer<typeof transferStateSchema>;
export const prioritySchema = z.enum(['low', 'normal', 'high']);
export type Priority = z.infer<typeof prioritySchema>;
/** `skip`: not wanted; what was fetched of it stays. */
export const filePrioritySchema = z.enum(['skip', ...prioritySchema.options]);
export type FilePriority = z.infer<typeof filePrioritySchema>;

/** `up`: others take it from this device. */
export const directionSchema = z.enum(['down', 'up']);

export const transferSchema = z.object({
  id: transferIdSchema,
  direction: directionSchema,
  /** What the user sees as its name: the file or folder. */
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  state: transferStateSchema,
  reason: errorInfoSchema.nullable(),
  bytes: bytesSchema,
  doneBytes: bytesSchema,
  files: z.int().nonnegative(),
  doneFiles: z.int().nonnegative(),
  /** Bytes found on this device instead of fetched. */
  reusedBytes: bytesSchema,
  rate: z.number().nonnegative(),
  etaSeconds: z.number().nonnegative().nullable(),
  priority: prioritySchema,
  /** Fetched from the beginning to the end, so that it can be looked at while it arrives. */
  inOrder: z.boolean(),
  /** Devices that give (down) or take (up), most active first; at most 8. */
  peers: z.array(deviceIdSchema),
  /** Of an upload that ended: what the device was called that took it, which may be forgotten by now. */
  takerName: z.string().optional(),
  /** Of an upload that carries a push. */
  offer: offerIdSchema.optional(),
  /** Where it lies or will lie; null for uploads. */
  path: z.string().nullable(),
  contentId: contentIdSchema.nullable(),
  addedAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
});
export type Transfer = z.infer<typeof transferSchema>;

/** Piece states in a piece map, one character a cell. `.` missing, `a` arriving, `v` verified (those that were already on disk, too). */
export const pieceCellsSchema = z.string().regex(/^[.av]*$/);

export const transferDetailSchema = z.object({
  transfer: transferSchema,
  /** One cell for `piecesPerCell` pieces; at most 2,000 cells. */
  cells: pieceCellsSchema,
  piecesPerCell: z.int().positive(),
  pieces: z.int().nonnegative(),
  verifiedPieces: z.int().nonnegative(),
  sources: z.array(z.object({
    peer: deviceIdSchema,
    latencyMs: millisSchema.nullable(),
    pieces: z.int().nonnegative(),
    bytes: bytesSchema,
    rate: z.number().nonnegative(),
    /** How it stands to a download; of an upload always `feeding`. */
    state: sourceStateSchema,
    /** When a `stalled` device is asked again; null when it has been already, and in every other state. */
    until: timestampSchema.nullable(),
    /** How often what it sent was damaged, or came too late. */
    failures: z.int().nonnegative(),
    /** Only there when it sent wrong pieces lately, for whatever transfer. */
    badPieces: badPiecesSchema.optional(),
  })),
  /** Why it is not faster; null: it does not run, or that cannot be told (yet). */
  brake: brakeSchema.nullable(),
  /** Bytes/s, one sample a second, oldest first; at most 120. */
  rates: z.array(z.number().nonnegative()),
  /** Bytes that did not have to travel since the node or the transfer started, because blocks came or went compressed. */
  savedBytes: bytesSchema.optional(),
});
export type TransferDetail = z.infer<typeof transferDetailSchema>;

export const transferFileSchema = z.object({
  index: z.int().nonnegative(),
  path: z.string(),
  /** Where it lies when the name had to be changed, else null. */
  mappedPath: z.string().nullable(),
  bytes: bytesSchema,
  /** Verified and on disk. */
  doneBytes: bytesSchema,
  /** Within its download: higher first. */
  priority: filePrioritySchema,
  state: z.enum(['waiting', 'running', 'done', 'failed']),
});
export type TransferFile = z.infer<typeof transferFileSchema>;
