import type { CallResult } from '#shared/api/contract.ts';
import type { Entry } from '#shared/model/share.ts';
import type { Link } from '../ports/links.ts';
import type { OwnCopies } from '../transfers/copies/own-copies.ts';
import { namedRefusal } from './named-refusal.ts';

/** One page of what a device shows us, with how much of each entry is on this device already; of a folder that is known only when it is shared here, too. */
export async function browseDevice(link: Link, own: Pick<OwnCopies, 'complete' | 'arriving'>, path: string, cursor: string | undefined, limit: number, signal: AbortSignal): Promise<CallResult<'browse.list'>> {
  const page = await link.request('browse', { path, limit, ...(cursor === undefined ? {} : { cursor }) }, { signal }).catch(namedRefusal(path));
  const complete = await own.complete(page.entries.flatMap(({ contentId }) => contentId ?? []));
  const bytesHere = ({ kind, bytes, contentId }: Pick<Entry, 'kind' | 'bytes' | 'contentId'>): number | null => {
    if (contentId !== null && complete.has(contentId)) return bytes;
    if (kind === 'folder') return null;
    return contentId === null ? 0 : Math.min(bytes, own.arriving(contentId));
  };
  return { entries: page.entries.map((entry) => ({ ...entry, haveBytes: bytesHere(entry) })), total: page.total, next: page.next };
}
