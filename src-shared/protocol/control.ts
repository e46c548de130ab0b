import * as z from 'zod';
import { limits } from '../limits.ts';
import { bytesSchema, contentIdSchema, offerIdSchema, timestampSchema } from '../model/ids.ts';
import { audienceSchema, entrySchema } from '../model/share.ts';
import { deviceNameSchema } from './hello.ts';
import { searchFilterSchema, fileTypeSchema } from '../model/search.ts';
import { roomNotices } from './room.ts';

/**
 * What one device asks of another over the control connection: a method with JSON parameters and a JSON result, both
 * checked before any code sees them. Access is checked by who asks, at every request.
 */
interface Method<Params extends z.ZodType, Result extends z.ZodType> {
  readonly params: Params;
  readonly result: Result;
}
const method = <Params extends z.ZodType, Result extends z.ZodType>(params: Params, result: Result): Method<Params, Result> => ({ params, result });

const pathSchema = z.string().max(limits.names.pathBytes);
const cursorSchema = z.string().max(2 * limits.names.pathBytes);
const pageLimit = z.int().min(1).max(limits.browse.entriesPerPage);
const componentSchema = z.string().max(limits.names.componentBytes * 4);
const hex = (bytes: number) => z.string().length(2 * bytes).regex(/^[0-9a-f]*$/);
const base64Schema = z.string().max(limits.link.controlBodyBytes).regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** A key names bytes to fetch, 32 bytes in hex: a file's merkle root, or what `open` gave for a file without one. */
export const keySchema = hex(32);

/** An entry as it travels: as listed, without what only the asking side knows. */
export const wireEntrySchema = entrySchema.omit({ haveBytes: true });
export type WireEntry = z.infer<typeof wireEntrySchema>;

export const wireFileSchema = z.object({
  /** Relative to what was asked for, `/`-separated. */
  path: pathSchema,
  kind: z.enum(['file', 'folder']),
  bytes: bytesSchema,
  modifiedAt: timestampSchema,
  executable: z.boolean(),
  contentId: contentIdSchema.nullable(),
});
export type WireFile = z.infer<typeof wireFileSchema>;

export const controlMethods = {
  /** Names, number and size of the shares the asking device may see. */
  shares: method(z.object({}), z.object({ names: z.array(z.string().max(limits.names.shareNameChars * 4)).max(3), count: z.int().nonnegative(), bytes: bytesSchema })),
  browse: method(
    z.object({ path: pathSchema, cursor: cursorSchema.optional(), limit: pageLimit }),
    z.object({ entries: z.array(wireEntrySchema).max(limits.browse.entriesPerPage), total: z.int().nonnegative(), next: cursorSchema.nullable() }),
  ),
  stat: method(z.object({ path: pathSchema }), z.object({ entry: wireEntrySchema, executable: z.boolean() })),
  /** Everything below a path, page by page: what a folder download fetches. */
  walk: method(
    z.object({ path: pathSchema, cursor: cursorSchema.optional(), limit: pageLimit }),
    z.object({ files: z.array(wireFileSchema).max(limits.browse.entriesPerPage), next: cursorSchema.nullable() }),
  ),
  search: method(
    z.object({ words: z.string().min(1).max(limits.search.queryChars), filter: searchFilterSchema }),
    z.object({
      hits: z.array(z.object({
        path: pathSchema, name: componentSchema, kind: z.enum(['file', 'folder']), type: fileTypeSchema, bytes: bytesSchema,
        modifiedAt: timestampSchema, contentId: contentIdSchema.nullable(), score: z.number(),
      })).max(limits.search.results),
      truncated: z.boolean(),
    }),
  ),
  /** Which of these contents can the asking device have from here? One character each: `f` file, `d` folder, `p` a file in part, `-` no. */
  have: method(z.object({ contentIds: z.array(contentIdSchema).min(1).max(2000) }), z.object({ have: z.string().max(2000).regex(/^[fdp-]*$/) })),
  /**
   * Whom may the asking device pass this on to? The audience of the share it lies in, from the device that shares it; null:
   * nobody. A download is served on to that audience.
   */
  audience: method(z.union([z.object({ path: pathSchema }), z.object({ contentId: contentIdSchema })]), z.object({ audience: audienceSchema.nullable() })),
  resolve: method(z.object({ contentId: contentIdSchema }), z.object({ kind: z.enum(['file', 'folder']), name: componentSchema, bytes: bytesSchema, files: z.int().nonnegative() })),
  manifest: method(z.object({ contentId: contentIdSchema, page: z.int().nonnegative().nullable() }), z.object({ bytes: base64Schema, attributes: base64Schema })),
  /** Piece hashes of a file from one index on; proven against the root by whoever asks. */
  layer: method(z.object({ contentId: contentIdSchema, first: z.int().nonnegative(), count: z.int().min(1).max(8192) }), z.object({ hashes: base64Schema })),
  /**
   * A file by path, hashed or not. `key` is what block requests name; `contentId` is null while the file has no root, and
   * then every block brings its piece's hash. Of a file pushed to us, `path` is `offer:ID/ITEM/…`.
   */
  open: method(z.object({ path: pathSchema }), z.object({ key: keySchema, bytes: bytesSchema, modifiedAt: timestampSchema, executable: z.boolean(), contentId: contentIdSchema.nullable() })),
  /** What a provisional key has become: its root once hashed, else null. */
  rootOf: method(z.object({ key: keySchema }), z.object({ contentId: contentIdSchema.nullable() })),
  /** May I send you this? Answered at once; the person's word follows as an `offer-answer` notice. */
  offer: method(
    z.object({
      id: offerIdSchema,
      text: z.string().max(limits.push.textBytes).nullable(),
      items: z.array(z.object({ name: componentSchema, kind: z.enum(['file', 'folder']), bytes: bytesSchema, files: z.int().nonnegative() })).max(limits.push.itemsListed),
      count: z.int().nonnegative(),
      bytes: bytesSchema,
    }),
    z.object({}),
  ),
  /**
   * What keeps the answering device from giving more to the one that asks: a limit of its own, others whose turn it is, its
   * disk or processor, the path, or `you`: it waits to be asked for more.
   */
  pace: method(z.object({}), z.object({ by: z.enum(['limit', 'turns', 'machine', 'link', 'you', 'nothing']).catch('nothing') })),
  /** An answer of so many characters to a question of as many as wanted: does what is large get through on this link? */
  probe: method(
    z.object({ bytes: z.int().min(0).max(limits.probe.bytes), padding: z.string().max(limits.probe.bytes) }),
    z.object({ padding: z.string().max(limits.probe.bytes) }),
  ),
  /** Comparison codes, commit-then-reveal: first both commitments travel, then both nonces. */
  pairCommit: method(z.object({ commitment: hex(32) }), z.object({ commitment: hex(32) })),
  pairReveal: method(z.object({ nonce: hex(32) }), z.object({ nonce: hex(32) })),
} as const satisfies Record<string, Method<z.ZodType, z.ZodType>>;

export type ControlMethod = keyof typeof controlMethods;
export type ControlParams<Name extends ControlMethod> = z.output<(typeof controlMethods)[Name]['params']>;
export type ControlResult<Name extends ControlMethod> = z.output<(typeof controlMethods)[Name]['result']>;

/** One-way messages. Unknown kinds are skipped, so that versions can talk. */
export const noticeSchema = z.discriminatedUnion('kind', [
  /** What the receiving device may see here has changed; `share` is the share's name. */
  z.object({ kind: z.literal('listing'), share: z.string().max(limits.names.shareNameChars * 4) }),
  z.object({ kind: z.literal('renamed'), name: deviceNameSchema }),
  z.object({ kind: z.literal('offer-answer'), id: offerIdSchema, answer: z.enum(['accepted', 'declined']) }),
  z.object({ kind: z.literal('offer-progress'), id: offerIdSchema, doneBytes: bytesSchema, state: z.enum(['running', 'done', 'cancelled', 'failed']) }),
  z.object({ kind: z.literal('offer-withdrawn'), id: offerIdSchema }),
  z.object({ kind: z.literal('pair-answer'), same: z.boolean() }),
  z.object({ kind: z.literal('goodbye') }),
  ...roomNotices,
]);
export type Notice = z.infer<typeof noticeSchema>;
