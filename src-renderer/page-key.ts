const place = 'distrishare-key';
const inAddress = /^#key=([\w-]{43})$/;

/**
 * The key that the node gave this page beside its cookie. Browsers send a cookie to every port of a host, so any program of this machine that gets a browser to look at it
 * reads that; what a page keeps, it shares with nobody at another port. To be called before anything else looks at the address.
 */
export function takePageKey(): void {
  const key = inAddress.exec(window.location.hash)?.[1];
  if (key === undefined) return;
  window.localStorage.setItem(place, key);
  // It stays in no history.
  window.history.replaceState(null, '', window.location.pathname);
}

export const pageKey = (): string => window.localStorage.getItem(place) ?? '';
