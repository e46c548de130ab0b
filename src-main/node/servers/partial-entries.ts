import { limits } from '#shared/limits.ts';
import { nameBytes } from '#shared/names.ts';
import type { Share } from '#shared/model/share.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { isInside } from '../../disk/is-inside.ts';
import type { UnderWay } from '../transfers/passing-on/shared-downloads.ts';

/** Whole lists are announced, so a download of an hour may cost a dozen of them and not thousands. */
const stepPercent = 10;

/**
 * What servers are told of downloads under way. What somebody downloads is nobody's business, so it takes two yeses: the origin shares
 * the file with everybody, and it is fetched into a folder that the user shares with everybody, where it would be announced
 * as soon as it is complete anyway.
 */
export function partialEntries(underWay: readonly UnderWay[], shares: readonly Share[]): Entry[] {
  const folders = shares.filter(({ audience, kind }) => audience.kind === 'public' && kind === 'folder').map(({ path }) => path);
  const isBelow = (inside: string): boolean => folders.some((folder) => isInside(folder, inside));
  return underWay.flatMap(({ contentId, name, inside, bytes, audience, share }) => {
    const last = name.slice(name.lastIndexOf('/') + 1);
    const isTold = audience.kind === 'public' && bytes >= limits.servers.fileBytes && last !== '' && nameBytes(last) <= limits.names.componentBytes && isBelow(inside);
    return isTold ? [{ contentId, kind: 'file' as const, name: last, bytes, have: Math.min(100 - stepPercent, Math.floor((share * 100) / stepPercent) * stepPercent) }] : [];
  });
}
