import { limits } from '#shared/limits.ts';
import { parseServerUrl, type ServerUrl } from '#shared/server-url.ts';

/** What can be said of a server's URL while it is written. */
export type ServerFeedback =
  | { readonly kind: 'empty' | 'wrong' | 'http' | 'wrong-key' | 'known' | 'full' }
  /** `replaces`: the same server is used by now, with another fingerprint or none. */
  | { readonly kind: 'good'; readonly url: ServerUrl; readonly replaces: boolean };

export const isWrong = ({ kind }: ServerFeedback): boolean => kind !== 'empty' && kind !== 'good';

/** `used`: URLs of the servers in the settings. */
export function feedbackOn(text: string, used: readonly string[]): ServerFeedback {
  const trimmed = text.trim();
  // What may still become a URL is not called wrong at each key, and the scheme alone is no host.
  if ('https://'.startsWith(trimmed.toLowerCase())) return { kind: 'empty' };
  const url = parseServerUrl(trimmed);
  if (url === null) {
    if (/[.:#-]$/.test(trimmed) && parseServerUrl(trimmed.replace(/[.:#-]+$/, '')) !== null) return { kind: 'empty' };
    if (/^http:\/\//i.test(trimmed)) return { kind: 'http' };
    const [server = '', key] = trimmed.split('#');
    return { kind: key !== undefined && parseServerUrl(server) !== null ? 'wrong-key' : 'wrong' };
  }
  if (used.includes(url.text)) return { kind: 'known' };
  const replaces = used.some((other) => parseServerUrl(other)?.origin === url.origin);
  return !replaces && used.length >= limits.servers.used ? { kind: 'full' } : { kind: 'good', url, replaces };
}

/** The settings' list with one more server, or with its new URL. */
export const withServer = (used: readonly string[], { text, origin }: ServerUrl): string[] => [...used.filter((other) => parseServerUrl(other)?.origin !== origin), text];

/** The first line of a file's text that holds anything: what whoever runs a server hands on may end in a line break. */
export const firstLine = (text: string): string => text.split(/[\r\n]+/).map((line) => line.trim()).find((line) => line !== '') ?? '';
