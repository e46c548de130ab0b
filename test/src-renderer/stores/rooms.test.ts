import { describe, expect, it } from 'vitest';
import type { RoomEnd } from '#shared/model/room.ts';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { useRooms } from '../../../src-renderer/stores/rooms.ts';
import { inventMember, inventRoom, inventedRooms, roomIdFor } from '../fake/rooms.ts';
import { settled, surroundings } from '../with-app.ts';

async function started() {
  const around = surroundings();
  const stores = around.run(() => {
    useLive().start();
    return { rooms: useRooms(), notices: useNotices() };
  });
  await settled();
  return { node: around.node, ...stores };
}

describe('rooms', () => {
  it('are loaded with everything else, the newest first', async () => {
    const { rooms } = await started();
    expect(rooms.all.map((room) => room.name)).toEqual(['Lisbon 2026', 'Moss’s birthday', 'Design team']);
  });

  it('follow the stream, and tell when the first member of a room was found, once', async () => {
    const { node, rooms, notices } = await started();
    const found = inventRoom({ name: 'Design team', members: [inventMember('Slate Lynx')] });
    node.emit({ type: 'room', room: found });
    node.emit({ type: 'room', room: { ...found, members: [] } });
    expect(rooms.byId.get(found.id)?.state).toBe('ready');
    expect(notices.history.map(({ body }) => body)).toMatchObject([{ kind: 'done', title: 'ui.notice.roomReady', params: { name: 'Design team' } }]);
  });

  it.each<[RoomEnd, string[]]>([['ended', ['ui.notice.roomEnded']], ['removed', ['ui.notice.roomRemoved']], ['left', []]])('go when they are gone; %s is told as %j', async (why, told) => {
    const { node, rooms, notices } = await started();
    node.emit({ type: 'room-gone', id: roomIdFor('Lisbon 2026'), name: 'Lisbon 2026', why, became: null });
    expect(rooms.all.map((room) => room.name)).toEqual(['Moss’s birthday', 'Design team']);
    expect(notices.history.flatMap(({ body }) => (body.kind === 'problem' ? [] : [body.title]))).toEqual(told);
  });

  it('hand an invitation through and keep nothing of it', async () => {
    const { rooms } = await started();
    const { words, link } = await rooms.invite(roomIdFor('Lisbon 2026'), 'es');
    expect(words.split(' ')).toHaveLength(12);
    const kept = JSON.stringify([...rooms.byId.values(), rooms.$state]);
    expect(kept).not.toContain(link.slice(0, 49));
    expect(kept).not.toContain(words);
  });

  it('are changed by whoever made them only', async () => {
    const { rooms } = await started();
    const [mine, theirs] = inventedRooms();
    await rooms.rename(mine?.id ?? roomIdFor(''), 'Porto');
    expect(rooms.all[0]?.name).toBe('Porto');
    await rooms.setEnd(mine?.id ?? roomIdFor(''), null);
    await rooms.removeMember(mine?.id ?? roomIdFor(''), inventMember('Plum Finch').id);
    expect(rooms.all[0]?.members.map((member) => member.name)).toEqual(['Amber Falcon', 'Coral Heron', 'Lilac Stoat']);
    await expect(rooms.rename(theirs?.id ?? roomIdFor(''), 'Porto')).rejects.toMatchObject({ code: 'room-not-yours' });
  });
});
