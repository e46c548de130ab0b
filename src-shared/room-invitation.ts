import { formatAddress, parseAddress, type SocketAddress } from './address.ts';
import { fromHex, isRoomId, parseDeviceId, toHex, type DeviceId, type RoomId } from './ids.ts';
import { limits } from './limits.ts';
import { roomSecretBytes, secretOfWords, type RoomSecret } from './room-words.ts';

/** What an invitation link tells besides the secret. Words tell nothing else. */
export interface RoomHints {
  readonly id: RoomId;
  readonly name: string;
  /** Who made the room: whoever else says so later is not believed. */
  readonly owner: DeviceId;
  /** Milliseconds since 1970. */
  readonly endsAt: number | null;
  /** Who invites, and where it takes links: the first member to meet where devices do not find each other by themselves. */
  readonly host: DeviceId;
  readonly addresses: readonly SocketAddress[];
}

export interface RoomInvitation {
  readonly secret: RoomSecret;
  readonly hints: RoomHints | null;
}

const start = 'distrishare:room/';

/** `distrishare:room/SECRET?…`, at most `limits.rooms.invitationChars`. */
export function invitationLink(secret: RoomSecret, { id, name, owner, endsAt, host, addresses }: RoomHints): string {
  const query = new URLSearchParams({ id, name, owner: compact(owner), ...(host === owner ? {} : { host: compact(host) }), ...(endsAt === null ? {} : { ends: String(endsAt) }) });
  for (const address of addresses.slice(0, limits.rooms.addresses)) query.append('at', formatAddress(address));
  return `${start}${toHex(secret)}?${query.toString()}`;
}

/** Reads an invitation as people hand it on: twelve words, or a link. Null when it is neither. What it says besides the secret may be wrong. */
export function readInvitation(text: string): RoomInvitation | null {
  const trimmed = text.trim();
  if (trimmed.length > limits.rooms.invitationChars) return null;
  if (!trimmed.toLowerCase().startsWith('distrishare:')) {
    const secret = secretOfWords(trimmed);
    return secret === null ? null : { secret, hints: null };
  }
  const match = /^distrishare:(?:\/\/)?room\/([0-9a-f]+)\/?(?:\?([^#]*))?$/i.exec(trimmed);
  if (match?.[1]?.length !== 2 * roomSecretBytes) return null;
  const secret = fromHex(match[1]);
  return { secret, hints: hintsOf(new URLSearchParams(match[2] ?? '')) };
}

function hintsOf(query: URLSearchParams): RoomHints | null {
  const id = query.get('id') ?? '';
  const name = query.get('name')?.replace(/\p{C}/gu, '').trim().slice(0, limits.rooms.nameChars) ?? '';
  const owner = parseDeviceId(query.get('owner') ?? '');
  const host = query.has('host') ? parseDeviceId(query.get('host') ?? '') : owner;
  const ends = query.get('ends');
  if (!isRoomId(id) || name === '' || owner === null || host === null || (ends !== null && !/^[0-9]{1,15}$/.test(ends))) return null;
  const addresses = query.getAll('at').slice(0, limits.rooms.addresses).map(parseAddress).filter((address) => address !== null);
  return { id, name, owner, host, endsAt: ends === null ? null : Number(ends), addresses };
}

const compact = (id: DeviceId): string => id.replaceAll('-', '');
