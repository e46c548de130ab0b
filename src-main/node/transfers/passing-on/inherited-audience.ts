import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Link, Links } from '../../ports/links.ts';
import type { Inherited } from '../file/file-owner.ts';
import type { DownloadRecord } from '../records.ts';

/** The device by whose word others get a download from here. */
export function saysForWhom({ audienceBy, source }: DownloadRecord): DeviceId | null {
  return source.kind === 'path' ? source.peer : audienceBy;
}

/** For whom it was when that was asked last. */
export function lastAudience(record: DownloadRecord): Inherited | null {
  const { audience } = record;
  const by = saysForWhom(record);
  return audience === null || by === null ? null : { audience, by };
}

/** Asks for whom a download is. What the origin said last holds while it is away; what it does not show any more is for nobody. */
export async function askAudience(links: Pick<Links, 'all' | 'get'>, record: DownloadRecord): Promise<Inherited | null> {
  const { source, audienceBy } = record;
  const last = lastAudience(record);
  if (source.kind === 'path') {
    const origin = links.get(source.peer);
    return origin === undefined ? last : askOrigin(origin, source.path);
  }
  // Who said it before has perhaps shown already what of it it has.
  const all = [...links.all()].sort((a, b) => Number(b.remote.id === audienceBy) - Number(a.remote.id === audienceBy));
  let isWithdrawn = false;
  for (const link of all) {
    const answer = await link.request('audience', { contentId: source.contentId }).catch(() => undefined);
    if (answer?.audience === null && link.remote.id === last?.by) isWithdrawn = true;
    if (answer !== undefined && answer.audience !== null) return { audience: answer.audience, by: link.remote.id };
  }
  return isWithdrawn ? null : last;
}

async function askOrigin(origin: Link, path: string): Promise<Inherited | null> {
  const { audience } = await origin.request('audience', { path }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not-found') return { audience: null };
    throw error;
  });
  return audience === null ? null : { audience, by: origin.remote.id };
}
