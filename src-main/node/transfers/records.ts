import * as z from 'zod';
import { bytesSchema, contentIdSchema, deviceIdSchema, timestampSchema, transferIdSchema } from '#shared/model/ids.ts';
import { errorInfoSchema } from '#shared/model/error.ts';
import { audienceSchema } from '#shared/model/share.ts';
import { prioritySchema } from '#shared/model/transfer.ts';
import type { TransferId } from '#shared/ids.ts';
import { bytesTable, jsonTable } from '../../disk/store/store.ts';
import { offeredSchema } from './listing/as-offered.ts';

/** Where a download's bytes come from. Other devices with the same content help in either case. */
const sourceRecordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('path'), peer: deviceIdSchema, path: z.string() }),
  z.object({ kind: z.literal('content'), contentId: contentIdSchema }),
]);
export type SourceRecord = z.infer<typeof sourceRecordSchema>;

/** What outlives a restart of one download. */
const downloadRecordSchema = z.object({
  id: transferIdSchema,
  /** Order in which downloads were added; also their number in the swarm. */
  number: z.int().positive(),
  source: sourceRecordSchema,
  kind: z.enum(['file', 'folder']),
  /** Name of the file or folder as it is created in `base`; of a bundle only what it is called. */
  name: z.string(),
  /** Several things at once (a push): each is created in `base` under its own name. */
  bundle: z.boolean(),
  /** Of a push what it said; null: it is none, or an older version accepted it. */
  offered: offeredSchema.nullable().default(null),
  base: z.string(),
  /** Where the volume begins that `base` lies on, when that is not the system's own; null also of older versions. */
  mountPoint: z.string().nullable().default(null),
  state: z.enum(['active', 'paused', 'done', 'failed', 'cancelled']),
  reason: errorInfoSchema.nullable(),
  priority: prioritySchema,
  /** Somebody watches it while it arrives: files one after the other, pieces from the beginning to the end. */
  inOrder: z.boolean().default(false),
  /** Some files have, or had, a priority of their own. */
  ranked: z.boolean().default(false),
  contentId: contentIdSchema.nullable(),
  /** Whom the origin shares it with, as it said last; null: it did not say, and nobody has it from us. */
  audience: audienceSchema.nullable().default(null),
  /** Which device said so; null: the one that it was listed from, or nobody. */
  audienceBy: deviceIdSchema.nullable().default(null),
  /** Whether no more of the list of files is wanted, and where to go on reading it; both set: it was too long. */
  listed: z.boolean(),
  listCursor: z.string().nullable(),
  files: z.int().nonnegative(),
  bytes: bytesSchema,
  /** What the list has cost so far, in entries and bytes: whoever gives it must not be able to go on for ever. */
  listedEntries: z.int().nonnegative().default(0),
  listedBytes: bytesSchema.default(0),
  /** Empty folders that could not be made when they were listed, below `base`: made when all files are there. */
  foldersLeft: z.array(z.array(z.string())).default([]),
  doneFiles: z.int().nonnegative(),
  doneBytes: bytesSchema,
  reusedBytes: bytesSchema,
  /** Verified bytes of wanted files that are not finished, as of the last stop: only to be shown. */
  partialBytes: bytesSchema,
  failedFiles: z.int().nonnegative(),
  /** Final path of a single file, which may have got another name. */
  path: z.string().nullable(),
  addedAt: timestampSchema,
  finishedAt: timestampSchema.nullable(),
});
export type DownloadRecord = z.infer<typeof downloadRecordSchema>;

/** Which pieces of a file its origin gave, or has shown that it has: one bit each, most significant first. */
const provenPiecesSchema = z.object({ by: deviceIdSchema, pieces: z.base64() });
export type ProvenPieces = z.infer<typeof provenPiecesSchema>;

export const fileRecordSchema = z.object({
  /** Path as the source names it, relative to what was asked for; empty for a single file. */
  remotePath: z.string(),
  /** Safe components below `base`, the download's own name first. */
  path: z.array(z.string()),
  mapped: z.boolean(),
  bytes: bytesSchema,
  modifiedAt: timestampSchema,
  executable: z.boolean(),
  contentId: contentIdSchema.nullable(),
  selected: z.boolean(),
  /** How soon, if it is selected at all. */
  priority: prioritySchema.default('normal'),
  /** Verified bytes on disk when it was last closed unfinished: only to be shown, its journal knows. */
  partialBytes: bytesSchema.default(0),
  /** When it was last closed unfinished, of a file of several pieces. */
  proven: provenPiecesSchema.optional(),
  state: z.enum(['waiting', 'done', 'failed']),
});
export type FileRecord = z.infer<typeof fileRecordSchema>;

/** Files that follow each other in a list, from the number `first` on. */
const filePageSchema = z.object({ first: z.int().nonnegative(), files: z.array(fileRecordSchema) });
export type FilePage = z.infer<typeof filePageSchema>;

/** Files of one download, or pages of them, lie together, in listing order. */
export const fileKey = (id: TransferId, index: number): string => `${id}/${index.toString().padStart(10, '0')}`;
export const indexOfKey = (key: string): number => Number(key.slice(key.indexOf('/') + 1));

export const downloadsTable = jsonTable('downloads', downloadRecordSchema);
/** `ListedFiles` knows how these three belong together. */
export const filesTable = jsonTable('download-files', fileRecordSchema);
export const pagesTable = jsonTable('download-pages', filePageSchema);
export const doneTable = bytesTable('download-done');
