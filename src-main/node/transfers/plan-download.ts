import { AppError } from '#shared/errors.ts';
import type { TransferSource } from '#shared/api/contract.ts';
import type { ContentId } from '#shared/ids.ts';
import type { ControlResult } from '#shared/protocol/control.ts';
import type { Devices } from '../peers/devices.ts';
import { namedRefusal } from '../peers/named-refusal.ts';
import type { Links } from '../ports/links.ts';
import type { NewDownload } from './new-download.ts';

export interface PlanPorts {
  readonly devices: Devices;
  readonly links: Links;
  /** Sees to it that devices are linked which are said to have a content; tells of each that comes, and ends when no more do. */
  readonly holdersOf: (id: ContentId, signal: AbortSignal) => AsyncIterable<void>;
  readonly signal: AbortSignal;
}

/** Finds out what a wished-for download is: its name, and whether it is a file or a folder. */
export async function planDownload(source: TransferSource, { devices, links, holdersOf, signal }: PlanPorts): Promise<Omit<NewDownload, 'base' | 'priority' | 'inOrder'>> {
  if (source.kind === 'path') {
    const path = source.path.replace(/^\/+|\/+$/g, '');
    if (path === '') throw new AppError('bad-argument', { argument: 'path' });
    const name = path.slice(path.lastIndexOf('/') + 1);
    const peer = devices.findToAsk(source.peer);
    const { known } = source;
    // Whoever is away is waited for by the download itself.
    if (known !== undefined && !peer.online && peer.trust !== 'blocked') return { source: { kind: 'path', peer: peer.id, path }, kind: known.kind, name, bundle: false, contentId: known.contentId };
    const { entry } = await devices.linkOf(peer.id).request('stat', { path }, { signal }).catch(namedRefusal(path));
    return { source: { kind: 'path', peer: peer.id, path }, kind: entry.kind, name, bundle: false, contentId: entry.contentId };
  }
  const { contentId, name } = source;
  const found = (await resolve(links, contentId, signal)) ?? (await resolveElsewhere(source.contentId, { links, holdersOf, signal }));
  if (found === null) throw new AppError('content-unknown', { name: contentId });
  return { source: { kind: 'content', contentId }, kind: found.kind, name: name ?? found.name, bundle: false, contentId };
}

type Found = ControlResult<'resolve'>;

async function resolve(links: Links, contentId: ContentId, signal: AbortSignal): Promise<Found | null> {
  const answers = await Promise.all([...links.all()].map((link) => link.request('resolve', { contentId }, { signal }).catch(() => null)));
  return answers.find((answer) => answer !== null) ?? null;
}

async function resolveElsewhere(contentId: ContentId, { links, holdersOf, signal }: Pick<PlanPorts, 'links' | 'holdersOf' | 'signal'>): Promise<Found | null> {
  for await (const _ of holdersOf(contentId, signal)) {
    const found = await resolve(links, contentId, signal);
    if (found !== null) return found;
  }
  return null;
}
