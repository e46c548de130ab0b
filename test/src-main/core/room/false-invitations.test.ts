import { describe, expect, it } from 'vitest';
import { invariant } from '#shared/assert.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomHints } from '#shared/room-invitation.ts';
import { hintsOf, onlyRoom, party, RoomWorld, secret, secretNumber, type RoomDevice } from './room-world.ts';

describe('a false invitation lets nobody into a room', () => {
  /** Anna's room with Ben, and Mallory, who knows its id and its first passphrase, with a device of which nobody has heard. */
  function attacked(): { world: RoomWorld; anna: RoomDevice; ben: RoomDevice; mallory: RoomDevice; real: RoomHints; expectNobody: () => void } {
    const { world, owner: anna, all: [, ben, cleo] } = party(3, 1);
    const mallory = world.device(3);
    invariant(ben !== undefined && cleo !== undefined, 'three members');
    anna.machine.removeMember(onlyRoom(anna), cleo.id, secretNumber(9), anna.sink);
    world.settle();
    const real = hintsOf(anna);
    world.unlink(ben, anna);
    const before = world.sent.length;
    return { world, anna, ben, mallory, real, expectNobody: () => {
      world.linkAll();
      world.settle();
      for (const device of [anna, ben]) expect([...device.machine.roomsOf(mallory.id)]).not.toContain(real.id);
      expect(world.sent.slice(before).filter(({ from, to, notice }) => to === mallory && from !== mallory && notice.kind === 'room-members')).toEqual([]);
      // And Ben is still in the real one.
      expect(ben.machine.room(real.id)).toMatchObject({ owner: anna.id, version: 2 });
      expect(ben.machine.roomsOf(anna.id)).toContain(real.id);
    } };
  }

  it('under its id, from another owner', () => {
    const { world, ben, mallory, real, expectNobody } = attacked();
    const hints = { ...real, name: 'Fun', owner: mallory.id, host: mallory.id };
    mallory.machine.join(world.now, secretNumber(66), hints, mallory.sink);
    expect(() => ben.machine.join(world.now, secretNumber(66), hints, ben.sink)).toThrow('invitation-false');
    expectNobody();
  });

  it('whose words lead to a card with its id', () => {
    const { world, ben, mallory, real, expectNobody } = attacked();
    const room = mallory.machine.create(world.now, { secret: secretNumber(66), name: 'Fun', lastsMs: null }, mallory.sink);
    invariant(room.card !== null, 'it has made it');
    room.card = { ...room.card, id: real.id };
    mallory.machine.update(world.now, room, { name: 'More fun' }, mallory.sink);
    ben.machine.join(world.now, secretNumber(66), null, ben.sink);
    world.link(ben, mallory);
    world.settle();
    expectNobody();
  });

  it('with a passphrase of which its owner knows nothing', () => {
    const { world, anna, ben, mallory, real, expectNobody } = attacked();
    for (const device of [mallory, ben, anna]) device.machine.join(world.now, secretNumber(66), real, device.sink);
    world.link(ben, mallory);
    world.settle();
    world.restart(ben);
    expectNobody();
  });

  it.each([['link', true], ['words', false]] as const)('with its first passphrase, as %s', (_, isLink) => {
    const { world, anna, ben, mallory, real, expectNobody } = attacked();
    for (const device of [mallory, ben, anna]) device.machine.join(world.now, secret, isLink ? real : null, device.sink);
    world.link(ben, mallory);
    world.settle();
    expectNobody();
  });

  it('with words and a card from before somebody was removed', () => {
    const { world, anna, ben, mallory } = attacked();
    // Mallory gets in by words, and then hears of nothing any more.
    mallory.machine.join(world.now, secretNumber(9), null, mallory.sink);
    world.settle();
    for (const other of world.devices) world.unlink(mallory, other);
    world.link(anna, ben);
    // So many passphrases later Ben has forgotten the one of that time.
    for (let number = 10; number <= 10 + limits.rooms.earlierSecrets; number++) {
      const id = deviceIdOf(new Uint8Array(32).fill(100 + number));
      onlyRoom(anna).note({ id, name: 'x', met: false, lastSeen: null, addresses: [] });
      anna.machine.removeMember(onlyRoom(anna), number === 10 ? mallory.id : id, secretNumber(number), anna.sink);
      world.settle();
    }
    const { id, version } = onlyRoom(ben);
    ben.machine.join(world.now, secretNumber(9), null, ben.sink);
    // Mallory still has the card that counted then.
    world.link(ben, mallory);
    world.settle();
    expect(ben.machine.roomsOf(mallory.id).size).toBe(0);
    expect([...ben.machine.rooms()]).toMatchObject([{ id, version }]);
    expect(ben.gone).toMatchObject([{ why: 'left', became: id }]);
  });
});

it('believes no other owner than the one the invitation names', () => {
  const world = new RoomWorld(3);
  const [anna, mallory, ben] = [world.device(0), world.device(1), world.device(2)];
  anna.machine.create(world.now, { secret, name: 'Real', lastsMs: null }, anna.sink);
  mallory.machine.create(world.now, { secret, name: 'Fake', lastsMs: null }, mallory.sink);
  ben.machine.join(world.now, secret, hintsOf(anna), ben.sink);
  world.link(ben, mallory);
  world.settle();
  expect(onlyRoom(ben)).toMatchObject({ name: 'Real', card: null });
  world.link(ben, anna);
  world.settle();
  expect(onlyRoom(ben)).toMatchObject({ name: 'Real', owner: anna.id, version: 1 });
});
