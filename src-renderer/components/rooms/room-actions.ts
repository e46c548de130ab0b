import { LogOutIcon, PencilIcon, TimerIcon } from '@lucide/vue';
import type { Room } from '#shared/model/room.ts';
import type { useText } from '../../composables/use-text.ts';
import type { ActionItem } from '../base/action-item.ts';

export type RoomAction = 'invite' | 'rename' | 'end' | 'leave';

/** What can be done with a room besides inviting: its name and end belong to whoever made it. */
export const roomActions = (room: Room, t: ReturnType<typeof useText>['t']): (ActionItem & { readonly id: RoomAction })[] => [
  ...(room.isMine ? [{ id: 'rename' as const, text: t('ui.rooms.rename'), icon: PencilIcon }, { id: 'end' as const, text: t('ui.rooms.changeEnd'), icon: TimerIcon }] : []),
  { id: 'leave', text: t('ui.rooms.leave'), icon: LogOutIcon, danger: true, separated: room.isMine },
];
