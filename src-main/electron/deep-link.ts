import { limits } from '#shared/limits.ts';
import { isContentId, parseDeviceId } from '#shared/ids.ts';
import { readInvitation } from '#shared/room-invitation.ts';

const maxLinkChars = 2000;

/**
 * Where in the UI a `distrishare:` link leads, as a route; null when it is none of ours. A link only fills something in:
 * the page it leads to does nothing until a person says so.
 *
 *   distrishare:connect/HOST:PORT          fills in the address of another device
 *   distrishare:device/DEVICE-ID           shows where that device would appear
 *   distrishare:search/WORDS               fills in a search
 *   distrishare:content/CONTENT-ID?name=N  offers to look for a file or folder
 *   distrishare:room/SECRET?…              fills in the invitation to a room
 */
export function routeOfLink(link: string): string | null {
  if (link.length > maxLinkChars) return null;
  const match = /^distrishare:(?:\/\/)?([a-z]+)\/([^?#]*)(?:\?([^#]*))?$/i.exec(link);
  const value = decode(match?.[2]?.replace(/\/$/, ''));
  if (!match || value === null || value === '') return null;
  switch (match[1]?.toLowerCase()) {
    case 'connect':
      return /^[\w.:[\]%-]{1,300}$/.test(value) ? `/?${query({ connect: value })}` : null;
    case 'device': {
      const device = parseDeviceId(value);
      return device === null ? null : `/?${query({ device })}`;
    }
    case 'search':
      return value.length > limits.search.queryChars ? null : `/search?${query({ prefill: value })}`;
    case 'content': {
      const name = new URLSearchParams(match[3] ?? '').get('name')?.slice(0, limits.names.componentBytes);
      return isContentId(value) ? `/search?${query({ content: value, ...(name ? { name } : {}) })}` : null;
    }
    case 'room':
      return readInvitation(link) === null ? null : `/rooms?${query({ invitation: link })}`;
    default:
      return null;
  }
}

const query = (values: Record<string, string>): string => new URLSearchParams(values).toString();

function decode(text: string | undefined): string | null {
  try {
    const plain = decodeURIComponent(text ?? '');
    return /\p{Cc}/u.test(plain) ? null : plain;
  } catch {
    // A stray percent sign: not a link anybody made on purpose.
    return null;
  }
}
