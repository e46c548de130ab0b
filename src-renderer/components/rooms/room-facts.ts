import type { Room, RoomMember } from '#shared/model/room.ts';
import type { Share } from '#shared/model/share.ts';
import { shownName } from '#shared/names.ts';
import { day } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';
import type { useText } from '../../composables/use-text.ts';
import { byName } from '../base/name-order.ts';

type Text = Pick<ReturnType<typeof useText>, 't' | 'duration' | 'dateTime'>;

/** Words alone do not tell what a room is called: that is known with the first member. */
export const roomName = (room: Pick<Room, 'name'>, { t }: Pick<Text, 't'>): string => (room.name === '' ? t('ui.rooms.unnamed') : shownName(room.name));

/** `Ends in 2 h`, and further away when; null when it does not end by itself. */
export function endText(endsAt: Timestamp | null, now: Timestamp, { t, duration, dateTime }: Text): string | null {
  if (endsAt === null) return null;
  if (endsAt <= now) return t('ui.rooms.ending');
  return endsAt - now < day ? t('ui.rooms.endsIn', { time: duration((endsAt - now) / 1000) }) : t('ui.rooms.endsAt', { when: dateTime(endsAt) });
}

/** `You and 4 others, 3 online`. */
export function peopleText({ members }: Pick<Room, 'members'>, { t }: Pick<Text, 't'>): string {
  const people = t('ui.rooms.members', { n: members.length });
  return members.length === 0 ? people : `${people}, ${t('ui.rooms.online', { n: members.filter((member) => member.online).length })}`;
}

/** Who is here first, then by name: the same order on every page. */
export const membersInOrder = (members: readonly RoomMember[]): readonly RoomMember[] =>
  members.toSorted((a, b) => Number(b.online) - Number(a.online) || byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));

/** What this device shares with a room. */
export const sharedWith = (room: Pick<Room, 'id'>, shares: readonly Share[]): readonly Share[] =>
  shares.filter(({ audience }) => audience.kind === 'room' && audience.room === room.id);
