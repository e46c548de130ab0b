import { isRoomLink } from '../scan/refusal.ts';
import type { Refusal } from '../scan/refusal.ts';
import { feedbackOn } from './server-feedback.ts';

/** Whether the settings have it already, or have no room for it, is said where it is filled in. */
export const refuseServer: Refusal = (text) => {
  if (isRoomLink(text)) return 'ui.scan.roomNotServer';
  switch (feedbackOn(text, []).kind) {
    case 'good': return null;
    case 'http': return 'ui.servers.http';
    case 'wrong-key': return 'ui.servers.wrongKey';
    default: return 'ui.scan.notServer';
  }
};
