import type { CallResult } from '#shared/api/contract.ts';
import type { Direction } from '#shared/model/limit.ts';
import type { FinishedUploads } from './serving/finished-uploads.ts';
import type { Uploads } from './serving/uploads.ts';
import type { TransfersService } from './transfers/transfers-service.ts';

/** Which transfers are wanted; what is undefined leaves out nothing. */
export interface ListedTransfers {
  readonly finished: boolean | undefined;
  readonly direction: Direction | undefined;
}

interface Lists {
  readonly transfers: Pick<TransfersService, 'list'>;
  readonly uploads: Pick<Uploads, 'list'>;
  readonly finishedUploads: Pick<FinishedUploads, 'page'>;
}

type Page = CallResult<'transfers.list'>;

/** Stands for the first page of uploads that ended, and before the cursors of those that follow. */
const sent = 'sent';
const nothing: Page = { transfers: [], total: 0, next: null };

/** One page of all transfers: uploads under way, downloads, and where these end, uploads that did. */
export async function listTransfers({ transfers, uploads, finishedUploads }: Lists, { finished, direction }: ListedTransfers, cursor: string | undefined, limit: number): Promise<Page> {
  const under = finished === true || direction === 'down' ? [] : uploads.list();
  const isLate = cursor?.startsWith(sent) ?? direction === 'up';
  // Of what is on no page of its own only the number is wanted.
  const downloads = direction === 'up' ? nothing : await transfers.list(finished, isLate ? undefined : cursor, isLate ? 1 : limit);
  const shown = [...(cursor === undefined ? under : []), ...(isLate ? [] : downloads.transfers)];
  const total = under.length + downloads.total;
  if (finished === false || direction === 'down') return { transfers: shown, total, next: downloads.next };
  const room = isLate ? limit : limit - downloads.transfers.length;
  const ended = await finishedUploads.page(isLate ? afterIn(cursor) : undefined, Math.max(1, room));
  const all = total + ended.total;
  if (!isLate && downloads.next !== null) return { transfers: shown, total: all, next: downloads.next };
  if (room === 0) return { transfers: shown, total: all, next: ended.total > 0 ? sent : null };
  return { transfers: [...shown, ...ended.transfers], total: all, next: ended.next === null ? null : `${sent}/${ended.next}` };
}

const afterIn = (cursor: string | undefined): string | undefined => (cursor === undefined || cursor === sent ? undefined : cursor.slice(sent.length + 1));
