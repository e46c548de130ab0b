import type { DeviceId, RoomId } from '#shared/ids.ts';

/** What a room's dialogs are asked to do. An invitation that came with a link lives here until it is answered, and nowhere else. */
export type RoomTask =
  | { readonly kind: 'make' }
  | { readonly kind: 'join'; readonly invitation: string }
  | { readonly kind: 'invite' | 'rename' | 'end' | 'leave'; readonly room: RoomId }
  | { readonly kind: 'remove'; readonly room: RoomId; readonly member: DeviceId };
