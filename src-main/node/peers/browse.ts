import type { CallResult } from '#shared/api/contract.ts';
import type { Library } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';

/** One page of what a device shows us, with how much of each entry is on this device already. */
export async function browseDevice(link: Link, library: Library, path: string, cursor: string | undefined, limit: number, signal: AbortSignal): Promise<CallResult<'browse.list'>> {
  const page = await link.request('browse', { path, limit, ...(cursor === undefined ? {} : { cursor }) }, { signal });
  const entries = await Promise.all(page.entries.map(async (entry) => {
    const here = entry.contentId === null ? null : await library.resolve({ kind: 'self' }, entry.contentId);
    return { ...entry, haveBytes: here === null ? (entry.kind === 'file' ? 0 : null) : entry.bytes };
  }));
  return { entries, total: page.total, next: page.next };
}
