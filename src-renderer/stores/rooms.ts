import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { CallArgs } from '#shared/api/contract.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import type { DeviceId, RoomId } from '#shared/ids.ts';
import type { Invitation, Room } from '#shared/model/room.ts';
import { useApi } from '../api.ts';

/** The rooms this device is in. How others get in is a secret: it passes through and is kept nowhere. */
export const useRooms = defineStore('rooms', () => {
  const api = useApi();
  /** Replaced, never changed: a room may have a thousand members, which nothing has to watch one by one. */
  const byId = shallowRef<ReadonlyMap<string, Room>>(new Map());

  const set = (room: Room): void => void (byId.value = new Map(byId.value).set(room.id, room));
  function remove(id: RoomId): void {
    const left = new Map(byId.value);
    left.delete(id);
    byId.value = left;
  }
  /** Ids under which rooms were looked for, and those that they turned out to have. */
  const became = shallowRef<ReadonlyMap<string, RoomId>>(new Map());
  function renumber(id: RoomId, next: RoomId): void {
    const room = byId.value.get(id);
    became.value = new Map(became.value).set(id, next);
    remove(id);
    // What it is called comes in a moment; until then it is what it was.
    if (room && !byId.value.has(next)) set({ ...room, id: next });
  }
  const all = computed(() => [...byId.value.values()].sort((a, b) => b.joinedAt - a.joinedAt || (a.id < b.id ? -1 : 1)));

  async function load(): Promise<void> {
    const rooms = await api.call('rooms.list', {});
    byId.value = new Map(rooms.map((room) => [room.id, room]));
  }

  async function create(args: CallArgs<'rooms.create'>): Promise<Room> {
    const room = await api.call('rooms.create', args);
    set(room);
    return room;
  }
  async function join(invitation: string): Promise<Room> {
    const room = await api.call('rooms.join', { invitation });
    set(room);
    return room;
  }
  const invite = (room: RoomId, language: Locale): Promise<Invitation> => api.call('rooms.invite', { room, language });
  const rename = async (room: RoomId, name: string): Promise<void> => set(await api.call('rooms.update', { room, name }));
  const setEnd = async (room: RoomId, lastsMs: number | null): Promise<void> => set(await api.call('rooms.update', { room, lastsMs }));
  const removeMember = async (room: RoomId, member: DeviceId): Promise<void> => set(await api.call('rooms.removeMember', { room, member }));
  async function leave(room: RoomId): Promise<void> {
    await api.call('rooms.leave', { room });
    remove(room);
  }

  return { byId, became, all, set, remove, renumber, load, create, join, invite, rename, setEnd, removeMember, leave };
});
