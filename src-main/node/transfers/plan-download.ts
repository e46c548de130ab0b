import { AppError } from '#shared/errors.ts';
import type { TransferSource } from '#shared/api/contract.ts';
import type { Devices } from '../peers/devices.ts';
import type { Links } from '../ports/links.ts';
import type { NewDownload } from './transfers-service.ts';

/** Finds out what a wished-for download is: its name, and whether it is a file or a folder. */
export async function planDownload(source: TransferSource, { devices, links, signal }: { devices: Devices; links: Links; signal: AbortSignal }): Promise<Omit<NewDownload, 'base' | 'priority' | 'inOrder'>> {
  if (source.kind === 'path') {
    const path = source.path.replace(/^\/+|\/+$/g, '');
    if (path === '') throw new AppError('bad-argument', { name: 'path' });
    const link = devices.linkOf(source.peer);
    const { entry } = await link.request('stat', { path }, { signal });
    return { source: { kind: 'path', peer: link.remote.id, path }, kind: entry.kind, name: path.slice(path.lastIndexOf('/') + 1), bundle: false, contentId: entry.contentId };
  }
  const { contentId, name } = source;
  const answers = await Promise.all([...links.all()].map((link) => link.request('resolve', { contentId }, { signal }).catch(() => null)));
  const found = answers.find((answer) => answer !== null);
  if (found === undefined || found === null) throw new AppError('content-unknown', { name: contentId });
  return { source: { kind: 'content', contentId }, kind: found.kind, name: name ?? found.name, bundle: false, contentId };
}
