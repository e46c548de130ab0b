import type { ContentId } from '#shared/ids.ts';
import type { Priority } from '#shared/model/transfer.ts';
import type { DownloadRecord, SourceRecord } from './records.ts';

/** What somebody wants to have fetched. */
export interface NewDownload {
  readonly source: SourceRecord;
  readonly kind: 'file' | 'folder';
  /** As the other side calls it. */
  readonly name: string;
  readonly bundle: boolean;
  readonly contentId: ContentId | null;
  /** Only there for a push. */
  readonly offered?: NonNullable<DownloadRecord['offered']>;
  /** Folder of this machine; created if it is not there. */
  readonly base: string;
  readonly priority: Priority;
  /** From the beginning to the end, so that it can be looked at while it arrives. */
  readonly inOrder: boolean;
}
