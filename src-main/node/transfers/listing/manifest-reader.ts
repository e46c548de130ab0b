import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import { contentIdOf, fromHex, type ContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { contentIdSchema } from '#shared/model/ids.ts';
import type { WireFile } from '#shared/protocol/control.ts';
import { decodeAttributes, decodeNode, decodePage } from '#shared/protocol/manifest.ts';
import { equalBytes, hashBytes } from '../../../core/content/merkle.ts';
import { sha256 } from '../../../disk/hash/sha256.ts';
import type { Link } from '../../ports/links.ts';
import type { DownloadRecord } from '../records.ts';

/** Folders still to be read, the next one last; `page` is the next page of it. What a list cursor holds. */
const pendingSchema = z.array(z.object({ id: contentIdSchema, path: z.string(), page: z.int().nonnegative() }));
type Pending = z.infer<typeof pendingSchema>;

/** Reads one manifest page of a folder download, proven against the folder's content id. */
export async function readManifestPage(links: readonly Link[], record: DownloadRecord, id: ContentId, signal: AbortSignal): Promise<{ files: readonly WireFile[]; next: string | null }> {
  if (record.kind === 'file') {
    // A content id says nothing of name and time; the size is proven by the piece layer.
    return { files: [{ path: '', kind: 'file', bytes: await sizeOf(links, id, signal), modifiedAt: record.addedAt, executable: false, contentId: id }], next: null };
  }
  const pending: Pending = record.listCursor === null ? [{ id, path: '', page: 0 }] : pendingSchema.parse(JSON.parse(record.listCursor));
  const folder = pending.pop();
  if (folder === undefined) return { files: [], next: null };
  const prefix = folder.path === '' ? '' : `${folder.path}/`;
  if (folder.path.split('/').length > limits.content.folderDepth) throw new AppError('too-deep', { name: folder.path });

  const node = decodeNode((await fetchProven(links, folder.id, null, fromHex(folder.id), signal)).bytes);
  const pages = node.pages.length / hashBytes;
  if (pages === 0) return { files: folder.path === '' ? [] : [folderFile(folder.path)], next: encode(pending) };
  const hash = node.pages.subarray(folder.page * hashBytes, (folder.page + 1) * hashBytes);
  const page = await fetchProven(links, folder.id, folder.page, hash, signal);
  const entries = decodePage(page.bytes);
  const attributes = decodeAttributes(page.attributes, entries.length);
  if (folder.page + 1 < pages) pending.push({ ...folder, page: folder.page + 1 });
  const files: WireFile[] = [];
  entries.forEach((entry, at) => {
    const contentId = contentIdOf(entry.root);
    const path = prefix + entry.name;
    if (entry.kind === 'folder') pending.push({ id: contentId, path, page: 0 });
    else files.push({ path, kind: 'file', bytes: entry.bytes, modifiedAt: attributes[at]?.modifiedAt ?? 0, executable: attributes[at]?.executable ?? false, contentId });
  });
  return { files, next: encode(pending) };
}

const folderFile = (path: string): WireFile => ({ path, kind: 'folder', bytes: 0, modifiedAt: 0, executable: false, contentId: null });
const encode = (pending: Pending): string | null => (pending.length === 0 ? null : JSON.stringify(pending));

async function sizeOf(links: readonly Link[], contentId: ContentId, signal: AbortSignal): Promise<number> {
  const link = links[0];
  if (link === undefined) throw new AppError('no-sources');
  return (await link.request('resolve', { contentId }, { signal })).bytes;
}

/** Asks one link after the other until one gives bytes with the right hash. */
async function fetchProven(links: readonly Link[], contentId: ContentId, page: number | null, expected: Uint8Array, signal: AbortSignal): Promise<{ bytes: Uint8Array; attributes: Uint8Array }> {
  let failure: unknown = new AppError('no-sources');
  for (const link of links) {
    try {
      const answer = await link.request('manifest', { contentId, page }, { signal });
      const bytes = new Uint8Array(Buffer.from(answer.bytes, 'base64'));
      const hash = new Uint8Array(hashBytes);
      sha256(bytes, hash, 0);
      if (equalBytes(hash, expected)) return { bytes, attributes: new Uint8Array(Buffer.from(answer.attributes, 'base64')) };
      failure = new AppError('hash-mismatch', { name: link.remote.name });
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  throw failure;
}
