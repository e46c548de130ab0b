import type { NodeEvent } from '#shared/api/events.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Room } from '#shared/model/room.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { NoticeBody, useNotices } from './notices.ts';

type Notices = Pick<ReturnType<typeof useNotices>, 'add'>;

/** Tells of a download that has just arrived or failed. Things that were so before the page opened are no news. */
export function announceTransfer(notices: Notices, before: Transfer | undefined, now: Transfer): void {
  if (!before || before.state === now.state || now.direction === 'up') return;
  if (now.state === 'done') {
    const { path } = now;
    const bridge = window.distrishare;
    const show = path !== null && bridge?.showItem ? { label: 'ui.action.show' as const, run: () => bridge.showItem?.(path) } : undefined;
    notices.add({ kind: 'done', title: 'ui.notice.arrived', text: 'ui.notice.arrivedText', params: { name: now.name, bytes: now.bytes } }, show);
  }
  if (now.state === 'failed' && now.reason) notices.add({ kind: 'problem', error: now.reason });
}

/** Whoever sends several things one after the other wants to know which one it was. */
function delivered({ text, items, bytes }: Offer, person: string): Pick<NoticeBody & { kind: 'done' }, 'title' | 'params'> {
  const [only] = items.length === 1 ? items : [];
  if (text !== null) return { title: 'ui.notice.textDelivered', params: { name: person, bytes } };
  return only ? { title: 'ui.notice.deliveredOne', params: { name: person, what: only.name, bytes } } : { title: 'ui.notice.delivered', params: { name: person, bytes } };
}

/** Tells the sender what became of an offer. */
export function announceOffer(notices: Notices, before: Offer | undefined, now: Offer, person: string): void {
  if (!before || before.state === now.state || now.direction === 'in') return;
  if (now.state === 'declined') notices.add({ kind: 'info', title: 'ui.notice.declined', params: { name: person } });
  if (now.state === 'done') notices.add({ kind: 'done', ...delivered(now, person) });
  if (now.state === 'failed' && now.reason) notices.add({ kind: 'problem', error: now.reason });
}

/** Tells that the first member of a room was found: from now on it is of use. */
export function announceRoom(notices: Notices, before: Room | undefined, now: Room): void {
  if (before?.state === 'looking' && now.state === 'ready') notices.add({ kind: 'done', title: 'ui.notice.roomReady', text: 'ui.notice.roomReadyText', params: { name: now.name } });
}

/** Tells that a room is gone. Who left it knows. */
export function announceRoomGone(notices: Notices, { name, why }: Extract<NodeEvent, { type: 'room-gone' }>): void {
  if (why === 'ended') notices.add({ kind: 'info', title: 'ui.notice.roomEnded', text: 'ui.notice.roomEndedText', params: { name } });
  if (why === 'removed') notices.add({ kind: 'info', title: 'ui.notice.roomRemoved', text: 'ui.notice.roomRemovedText', params: { name } });
}
