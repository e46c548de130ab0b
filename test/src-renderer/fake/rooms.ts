import { hueNames } from '#shared/friendly-name.ts';
import { isRoomId } from '#shared/ids.ts';
import type { RoomId } from '#shared/ids.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import type { Invitation, Room, RoomMember } from '#shared/model/room.ts';
import { invitationLink } from '#shared/room-invitation.ts';
import { wordsOfSecret } from '#shared/room-words.ts';
import { day, hour, minute } from '#shared/units.ts';
import { avatarSeedFor, deviceIdFor, epoch, inventedPeople } from './people.ts';
import { bytesOf, hexOf } from './seeded.ts';

export const roomIdFor = (name: string): RoomId => {
  const hex = hexOf(`room ${name}`, 32);
  if (!isRoomId(hex)) throw new Error('not a room id');
  return hex;
};

/** Somebody in a room; online when the invented people are. */
export function inventMember(name: string, part: Partial<RoomMember> = {}): RoomMember {
  const person = inventedPeople().find((each) => each.name === name);
  return { id: deviceIdFor(name), name, avatarSeed: avatarSeedFor(name), online: person?.online ?? false, lastSeen: person?.lastSeen ?? null, isOwner: false, ...part };
}

export const inventRoom = (part: Partial<Room> & { name: string }): Room => ({ id: roomIdFor(part.name), state: 'ready', isMine: false, members: [], endsAt: null, joinedAt: epoch, ...part });

/** As many members as a room can have, one in three online. */
export const inventedCrowd = (count: number): RoomMember[] => Array.from({ length: count }, (_, index) =>
  inventMember(`${hueNames[index % hueNames.length] ?? ''} Guest ${index + 1}`, { online: index % 3 === 0, lastSeen: epoch - index * minute }));

export const inventedRooms = (): Room[] => [
  inventRoom({ name: 'Lisbon 2026', isMine: true, members: [inventMember('Amber Falcon'), inventMember('Coral Heron'), inventMember('Plum Finch'), inventMember('Lilac Stoat')], joinedAt: epoch - day }),
  inventRoom({
    name: 'Moss’s birthday', members: ['Moss Badger', 'Slate Lynx', 'Rose Marten', 'Indigo Wren', 'Copper Hare', 'Teal Osprey', 'Plum Finch', 'Jade Heron', 'Rose Otter'].map((name) => inventMember(name, { isOwner: name === 'Moss Badger' })),
    endsAt: epoch + 2 * hour + 10 * minute, joinedAt: epoch - 2 * day,
  }),
  inventRoom({ name: 'Design team', state: 'looking', joinedAt: epoch - 3 * day }),
];

/** Whoever is removed leaves another passphrase behind. */
export function invitationTo(room: Room, language: Locale): Invitation {
  const secret = new Uint8Array(bytesOf(`secret ${room.id} ${room.members.length}`, 16));
  const host = deviceIdFor('Jade Otter');
  const owner = room.members.find((member) => member.isOwner)?.id ?? host;
  return {
    words: wordsOfSecret(secret, language),
    link: invitationLink(secret, { id: room.id, name: room.name, owner, host, endsAt: room.endsAt, addresses: [{ host: '192.168.1.24', port: 47800 }, { host: 'fd12:3456:789a::24', port: 47800 }] }),
  };
}
