import type { Timestamp } from '#shared/units.ts';

/** The start of the node for which this page was loaded again, for as long as the tab lives. */
const key = 'distrishare-reloaded';

/** Whether loading the page again has not helped, or cannot: the desktop window has its page from its own program. */
export const triedReload = (nodeStartedAt: Timestamp | null): boolean => window.distrishare !== undefined || sessionStorage.getItem(key) === String(nodeStartedAt);

export function reloadPage(nodeStartedAt: Timestamp | null): void {
  sessionStorage.setItem(key, String(nodeStartedAt));
  window.location.reload();
}
