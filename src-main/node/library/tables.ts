import { join } from 'node:path';
import * as z from 'zod';
import type { ContentId, ShareId } from '#shared/ids.ts';
import { errorInfoSchema } from '#shared/model/error.ts';
import { bytesSchema, contentIdSchema, shareIdSchema, timestampSchema } from '#shared/model/ids.ts';
import { audienceSchema } from '#shared/model/share.ts';
import { bytesTable, jsonTable, keyTable, withPrefix, type Range, type Table } from '#main/disk/store/store.ts';

/**
 * What the library keeps, and how its keys are made. A path is `/`-separated inside its share, empty for the share
 * itself. NUL cannot be in a name, so it parts the pieces of a key.
 */
export const shareRecordSchema = z.object({
  id: shareIdSchema,
  name: z.string(),
  path: z.string(),
  kind: z.enum(['file', 'folder']),
  audience: audienceSchema,
  /** Hashing is paused by the user. */
  paused: z.boolean(),
  hashedFiles: z.int().nonnegative(),
  hashedBytes: bytesSchema,
  problems: z.int().nonnegative(),
  addedAt: timestampSchema,
  /** Device number of the disk its root was last seen on; an empty folder on another one is an empty mount point. */
  disk: z.string(),
  /** Paths in it at which other volumes were mounted. */
  mounts: z.array(z.string()).optional(),
});
export type ShareRecord = z.infer<typeof shareRecordSchema>;

const fileRecordSchema = z.object({
  kind: z.literal('file'),
  bytes: bytesSchema,
  modifiedAt: timestampSchema,
  executable: z.boolean(),
  version: z.string(),
  contentId: contentIdSchema.nullable(),
});
export type FileRecord = z.infer<typeof fileRecordSchema>;

/**
 * A folder with the totals of everything below it. `open`: direct entries without a content id; the folder can have its
 * own only when there is none left and it has been `listed` completely.
 */
const folderRecordSchema = z.object({
  kind: z.literal('folder'),
  bytes: bytesSchema,
  files: z.int().nonnegative(),
  folders: z.int().nonnegative(),
  modifiedAt: timestampSchema,
  children: z.int().nonnegative(),
  open: z.int().nonnegative(),
  listed: z.boolean(),
  contentId: contentIdSchema.nullable(),
});
export type FolderRecord = z.infer<typeof folderRecordSchema>;

const entryRecordSchema = z.discriminatedUnion('kind', [fileRecordSchema, folderRecordSchema]);
export type EntryRecord = z.infer<typeof entryRecordSchema>;

const problemSchema = z.object({
  error: errorInfoSchema,
  /** Version of the file that could not be read; it is tried again when it has another one. Null: tried at every scan. */
  version: z.string().nullable(),
});
export type ProblemRecord = z.infer<typeof problemSchema>;

const isFile = new Uint8Array([0]);
const isFolder = new Uint8Array([1]);

export const tables = {
  share: jsonTable('share', shareRecordSchema),
  /** `entryKey`: the entries of one folder are one range, in the order of a manifest. */
  entry: jsonTable('entry', entryRecordSchema),
  /** `entryKey`: files that cannot be shared. */
  problem: jsonTable('problem', problemSchema),
  /** `entryKey` of a folder with a content id and more than one page: first name and hash of each page. */
  page: jsonTable('page', z.array(z.object({ first: z.string(), hash: z.string() }))),
  /** `pathKey`: files without a content id, and when they were last seen as they are listed. */
  todo: jsonTable('todo', z.object({ bytes: bytesSchema, seenAt: timestampSchema })),
  /** `pathKey`: folders whose content id can be worked out now. */
  due: keyTable('due'),
  /** `pathKey`: removed folders below which entries are left to delete. */
  sweep: keyTable('sweep'),
  /** `pathKey`: hashes kept while a share is listed anew after damage. */
  kept: jsonTable('kept', z.object({ version: z.string(), contentId: contentIdSchema })),
  /** `locationKey`: where a content is. */
  location: keyTable('location'),
  /** Content id: piece hashes of files longer than a piece. */
  layer: bytesTable('layer'),
  /** `tokenKey`: the search index. */
  token: {
    name: 'token',
    form: 'view',
    encode: (kind: 'file' | 'folder') => (kind === 'folder' ? isFolder : isFile),
    decode: (stored): 'file' | 'folder' => (stored[0] === isFolder[0] ? 'folder' : 'file'),
  } satisfies Table<'file' | 'folder'>,
} as const;

const nul = '\0';

/** Where a path of a share lies. */
export const onDisk = (root: string, path: string): string => (path === '' ? root : join(root, ...path.split('/')));

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const joinPath = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
export const depthOf = (path: string): number => (path === '' ? 0 : path.split('/').length);

export const entryKey = (share: ShareId, path: string): string =>
  path === '' ? `${share}${nul}` : `${share}${nul}${parentOf(path)}${nul}${nameOf(path)}`;

/** Path inside the share of an entry key. */
export function pathOfEntryKey(key: string): string {
  const [, parent, name] = key.split(nul);
  return name === undefined ? '' : joinPath(parent ?? '', name);
}

/** Direct entries of a folder, optionally those after a name. */
export function childrenRange(share: ShareId, folder: string, afterName?: string): Range {
  const all = withPrefix(`${share}${nul}${folder}${nul}`);
  return afterName === undefined ? all : { after: `${share}${nul}${folder}${nul}${afterName}`, ...(all.before === undefined ? {} : { before: all.before }) };
}

/** Everything below a folder, as ranges of entry keys. */
export const belowRanges = (share: ShareId, folder: string): readonly Range[] =>
  folder === ''
    ? [{ ...withPrefix(`${share}${nul}`), after: `${share}${nul}` }]
    : [childrenRange(share, folder), withPrefix(`${share}${nul}${folder}/`)];

export const pathKey = (share: ShareId, path: string): string => `${share}${nul}${path}`;
export const pathOfPathKey = (key: string): string => key.slice(key.indexOf(nul) + 1);
export const shareRange = (share: ShareId): Range => withPrefix(`${share}${nul}`);

/** The share a key of `pathKey` or `entryKey` belongs to; null when the key is not one of ours. */
export const shareOfKey = (key: string): ShareId | null => shareIdSchema.safeParse(key.slice(0, 32)).data ?? null;

export const locationKey = (id: ContentId, share: ShareId, path: string): string => `${id}${nul}${share}${nul}${path}`;
/** What the keys of all places of a content begin with. */
export const locationPrefix = (id: ContentId): string => `${id}${nul}`;
/** Places of a content, in all shares or in one. */
export const locationsRange = (id: ContentId, share?: ShareId): Range => withPrefix(share === undefined ? locationPrefix(id) : `${id}${nul}${share}${nul}`);

export const tokenKey = (token: string, share: ShareId, path: string): string => `${token}${nul}${share}${nul}${path}`;
/** `pathKey` part of a location or token key. */
export const tailOfKey = (key: string): string => key.slice(key.indexOf(nul) + 1);
