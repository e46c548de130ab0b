import { parseServerUrl } from '#shared/server-url.ts';
import { isRoomLink } from '../scan/refusal.ts';
import type { Refusal } from '../scan/refusal.ts';
import { feedbackOn, isGood } from './invitation-feedback.ts';

/** Written, any word may be the name of a server; a code says that it means one. */
const isServer = (text: string): boolean => /^https:\/\//i.test(text.trim()) && parseServerUrl(text) !== null;

export const refuseInvitation: Refusal = (text) => {
  if (isGood(feedbackOn(text))) return null;
  if (isRoomLink(text)) return 'ui.roomJoin.wrongLink';
  return isServer(text) ? 'ui.scan.serverNotRoom' : 'ui.scan.notRoom';
};
