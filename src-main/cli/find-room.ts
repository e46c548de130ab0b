import { AppError } from '#shared/errors.ts';
import type { Room } from '#shared/model/room.ts';
import { findOne } from './find-one.ts';

/** A room by its name, its id or a unique beginning of the id. Throws `room-unknown` or `ambiguous`. */
export function findRoom(rooms: readonly Room[], written: string): Room {
  const named = rooms.filter(({ name }) => name.toLowerCase() === written.toLowerCase());
  return findOne(named.length > 0 ? named : rooms, named[0]?.id ?? written, () => new AppError('room-unknown', { name: written }));
}
