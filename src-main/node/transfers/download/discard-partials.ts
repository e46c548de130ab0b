import { join } from 'node:path';
import { fromHex } from '#shared/ids.ts';
import { isInside } from '../../../disk/is-inside.ts';
import type { Store } from '../../../disk/store/store.ts';
import type { Receiver } from '../../ports/receiver.ts';
import { ListedFiles } from '../listing/listed-files.ts';
import { downloadsTable, type DownloadRecord, type FileRecord } from '../records.ts';

type Version = Pick<FileRecord, 'bytes' | 'contentId'>;

interface DiscardPorts {
  readonly store: Store;
  readonly receiver: Pick<Receiver, 'discardPartial'>;
}

/** Whether files of both may lie under the same names. */
function mayMeet(one: DownloadRecord, other: DownloadRecord): boolean {
  if (one.base === other.base) return one.bundle || other.bundle || one.name === other.name;
  return isInside(one.base, other.base) || isInside(other.base, one.base);
}

const isOver = ({ state }: DownloadRecord): boolean => state === 'done' || state === 'cancelled';

/** Where the unfinished files lie of all other downloads that may go on with them. */
async function placesOfOthers(store: DiscardPorts['store'], record: DownloadRecord): Promise<Set<string>> {
  const places = new Set<string>();
  for await (const rows of store.batches(downloadsTable)) {
    for (const [, other] of rows) {
      if (other.id === record.id || isOver(other) || !mayMeet(record, other)) continue;
      for await (const { file } of new ListedFiles(store, other.id).all()) if (file.state !== 'done') places.add(join(other.base, ...file.path));
    }
  }
  return places;
}

/** Deletes what is on disk of a download's unfinished files, unless another download may go on with it. */
export async function discardPartials(ports: DiscardPorts, record: DownloadRecord): Promise<void> {
  const kept = await placesOfOthers(ports.store, record);
  for await (const { file } of new ListedFiles(ports.store, record.id).all()) if (file.state !== 'done') await discard(ports, record, file, kept);
}

/** Whether a file is certainly not what it was when its download began: one that is being hashed, now or then, may well be the same. */
export const isOtherVersion = (before: Version, now: Version): boolean =>
  before.bytes !== now.bytes || (before.contentId !== null && now.contentId !== null && before.contentId !== now.contentId);

/** The same for one file, of which the source has another version by now. */
export async function discardOutdated(ports: DiscardPorts, record: DownloadRecord, file: FileRecord): Promise<void> {
  await discard(ports, record, file, await placesOfOthers(ports.store, record));
}

async function discard({ receiver }: DiscardPorts, { base }: DownloadRecord, { path, bytes, contentId }: FileRecord, kept: ReadonlySet<string>): Promise<void> {
  if (kept.has(join(base, ...path))) return;
  await receiver.discardPartial(base, path, bytes, contentId === null ? null : fromHex(contentId));
}
