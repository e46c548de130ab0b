import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invariant } from '#shared/assert.ts';
import { deviceIdOf, toHex } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomLink } from '#main/core/room/room-events.ts';
import { hereAt, hintsOf, ids, onlyRoom, party, RoomWorld, secret, secretNumber, type RoomDevice } from './room-world.ts';

type Way = Pick<RoomLink, 'path' | 'vpn'>;

describe('a room', () => {
  it('lets those in who know the words, and tells them what it is called', () => {
    const { all: [anna, ben, cleo] } = party(3);
    invariant(anna !== undefined && ben !== undefined && cleo !== undefined, 'three devices');
    for (const device of [anna, ben, cleo]) expect(onlyRoom(device)).toMatchObject({ name: 'Party', owner: anna.id, version: 1 });
    expect(hereAt(anna)).toEqual(ids(ben, cleo));
    expect(hereAt(ben)).toEqual(ids(anna, cleo));
    expect([...cleo.machine.roomsOf(ben.id)]).toEqual([onlyRoom(anna).id]);
  });

  it.each<[string, Way, Way, boolean]>([
    ['a LAN', { path: 'lan', vpn: null }, { path: 'lan', vpn: null }, true],
    ['a LAN and a VPN', { path: 'lan', vpn: null }, { path: 'overlay', vpn: 'tailscale' }, false],
    ['one VPN', { path: 'overlay', vpn: 'tailscale' }, { path: 'overlay', vpn: 'tailscale' }, true],
    ['two VPNs', { path: 'overlay', vpn: 'tailscale' }, { path: 'overlay', vpn: 'zerotier' }, false],
    ['the internet and a LAN', { path: 'internet', vpn: null }, { path: 'lan', vpn: null }, true],
  ])('tells members on %s where the other one is: %#', (_, toFirst, toSecond, isTold) => {
    const world = new RoomWorld(3);
    const [anna, ben, cleo] = [world.device(0), world.device(1), world.device(2)];
    anna.machine.create(world.now, { secret, name: 'Party', lastsMs: null }, anna.sink);
    for (const device of [ben, cleo]) device.machine.join(world.now, secret, null, device.sink);
    world.link(anna, ben, toFirst);
    world.link(anna, cleo, toSecond);
    world.settle();
    expect(cleo.introduced.some(({ peer, addresses }) => peer === ben.id && addresses.length > 0)).toBe(isTold);
  });

  it('is found by devices that were linked before either was in it', () => {
    const world = new RoomWorld(2);
    const [anna, ben] = [world.device(0), world.device(1)];
    world.link(anna, ben);
    anna.machine.create(world.now, { secret, name: 'Late', lastsMs: null }, anna.sink);
    world.settle();
    ben.machine.join(world.now, secret, null, ben.sink);
    world.settle();
    expect(hereAt(anna)).toEqual([ben.id]);
    expect(hereAt(ben)).toEqual([anna.id]);
  });

  it('says nothing to others but what looks like random numbers', () => {
    const { world, all } = party(2, 1);
    const outsider = world.device(2);
    const told = world.sent.filter(({ to }) => to === outsider);
    expect(told.map(({ notice }) => notice.kind)).toEqual(['room-proofs', 'room-proofs']);
    expect(told.every(({ notice }) => notice.kind === 'room-proofs' && notice.proofs.length === 8)).toBe(true);
    expect(all.every(({ machine }) => machine.roomsOf(outsider.id).size === 0)).toBe(true);
  });

  it('takes no proof from another link, another device or the other direction', () => {
    const { world, owner, all } = party(2, 1);
    const [ben, outsider] = [all[1], world.device(2)];
    invariant(ben !== undefined, 'two members');
    for (const { notice } of world.sent.filter(({ from, to }) => (from === owner && to === ben) || (from === ben && to === owner) || to === outsider)) {
      owner.machine.hear(world.now += 10_000, outsider.id, notice, owner.sink);
      expect(owner.machine.roomsOf(outsider.id).size).toBe(0);
    }
  });

  it('makes members known to each other through the one who invited, with addresses of their network', () => {
    const world = new RoomWorld(3);
    const [anna, ben, cleo] = [world.device(0), world.device(1), world.device(2)];
    anna.machine.create(world.now, { secret, name: 'Class', lastsMs: null }, anna.sink);
    for (const device of [ben, cleo]) {
      device.machine.join(world.now, secret, hintsOf(anna), device.sink);
      expect(device.introduced).toEqual([{ peer: anna.id, addresses: ['192.168.1.9:47800'] }]);
      world.link(device, anna);
      world.settle();
    }
    expect(ben.introduced.at(-1)).toEqual({ peer: cleo.id, addresses: ['192.168.1.3:47800'] });
    expect(cleo.introduced.at(-1)).toEqual({ peer: ben.id, addresses: ['192.168.1.2:47800'] });
    expect(onlyRoom(ben).members.get(cleo.id)).toMatchObject({ met: false, lastSeen: null });
    expect(hereAt(ben)).toEqual([anna.id]);
  });

  it('tells members where it is reached through its router, and they tell others', () => {
    const { world, owner: anna, all } = party(3);
    const [, ben, cleo] = all;
    invariant(ben !== undefined && cleo !== undefined, 'three members');
    const addressesAt = (device: RoomDevice): string[] => onlyRoom(device).members.get(anna.id)?.addresses.map(({ address }) => address) ?? [];
    world.unlink(anna, cleo);
    const before = addressesAt(ben);
    anna.machine.setOutside('Anna', '5.5.5.1:50000', anna.sink);
    world.settle();
    expect(addressesAt(ben)).toEqual([...before, '5.5.5.1:50000']);
    expect(cleo.introduced.at(-1)).toEqual({ peer: anna.id, addresses: [...before, '5.5.5.1:50000'] });
    // Whoever comes later is told as well.
    world.link(anna, cleo);
    world.settle();
    expect(addressesAt(cleo)).toContain('5.5.5.1:50000');
    anna.machine.setOutside('Anna', null, anna.sink);
    world.settle();
    expect([ben, cleo].map(addressesAt)).toEqual([before, before]);
  });

  it('believes of what a member says of itself only addresses that are reached from everywhere', () => {
    const { world, owner: anna, all: [, ben] } = party(2);
    invariant(ben !== undefined, 'two members');
    const room = onlyRoom(anna);
    const before = onlyRoom(ben).members.get(anna.id)?.addresses;
    const said = (path: 'lan' | 'internet', at: number) => ({ address: `5.5.5.${at}:1`, path });
    const tell = (addresses: ReturnType<typeof said>[]): void => { ben.machine.hear(world.now, anna.id, { kind: 'room-members', tag: room.tag, members: [{ id: anna.id, name: 'x', addresses }] }, ben.sink); };
    tell([said('lan', 1)]);
    expect(onlyRoom(ben).members.get(anna.id)).toMatchObject({ name: 'Device 0', addresses: before });
    tell([1, 2, 3, 4].map((at) => said('internet', at)));
    expect(onlyRoom(ben).members.get(anna.id)?.addresses).toHaveLength(limits.rooms.addresses);
  });

  it('keeps absent members, and knows them again after a restart', () => {
    const { world, owner, all } = party(3);
    const ben = all[1];
    invariant(ben !== undefined, 'three members');
    world.restart(ben);
    world.settle();
    expect(hereAt(owner)).toHaveLength(1);
    expect(onlyRoom(owner).members.get(ben.id)).toMatchObject({ met: true, name: 'Device 1' });
    world.linkAll();
    world.settle();
    expect(hereAt(ben)).toEqual(ids(owner, ...all.slice(2)));
  });

  it('changes for everybody when its owner changes it, also for who was away', () => {
    const { world, owner, all } = party(3);
    const [, ben, cleo] = all;
    invariant(ben !== undefined && cleo !== undefined, 'three members');
    world.restart(cleo);
    owner.machine.update(world.now, onlyRoom(owner), { name: 'Reunion' }, owner.sink);
    world.settle();
    expect(onlyRoom(ben).name).toBe('Reunion');
    expect(onlyRoom(cleo).name).toBe('Party');
    world.link(ben, cleo);
    world.settle();
    expect(onlyRoom(cleo).name).toBe('Reunion');
    expect(() => { ben.machine.update(world.now, onlyRoom(ben), { name: 'Mine' }, ben.sink); }).toThrow('room-not-yours');
    expect(() => { ben.machine.removeMember(onlyRoom(ben), cleo.id, secretNumber(9), ben.sink); }).toThrow('room-not-yours');
  });

  it('goes on without whoever was removed, for those who were there and those who were away', () => {
    const { world, owner, all } = party(4);
    const [, ben, cleo, dora] = all;
    invariant(ben !== undefined && cleo !== undefined && dora !== undefined, 'four members');
    world.restart(dora);
    const oldInvitation = hintsOf(owner);
    owner.machine.removeMember(onlyRoom(owner), ben.id, secretNumber(9), owner.sink);
    world.settle();
    expect(ben.gone).toEqual([{ id: onlyRoom(owner).id, why: 'removed', became: null }]);
    expect(hereAt(owner)).toEqual([cleo.id]);
    world.link(cleo, dora);
    world.settle();
    expect(hereAt(dora)).toEqual([cleo.id]);
    expect(toHex(onlyRoom(dora).secret)).toBe(toHex(secretNumber(9)));
    expect(onlyRoom(dora).members.has(ben.id)).toBe(false);
    // Whoever was removed and comes again with the old words finds nobody.
    ben.machine.join(world.now, secret, oldInvitation, ben.sink);
    world.linkAll();
    world.settle();
    expect(all.filter((device) => device !== ben).some(({ machine }) => machine.roomsOf(ben.id).size > 0)).toBe(false);
    expect(ben.gone).toHaveLength(2);
  });

  it('gives a new passphrase to nobody who only has the old one', () => {
    const { world, owner, all } = party(2, 1);
    const [thief, ben] = [world.device(2), all[1]];
    invariant(ben !== undefined, 'two members');
    owner.machine.removeMember(onlyRoom(owner), ben.id, secretNumber(9), owner.sink);
    world.settle();
    // The same person with a device of which nobody has heard.
    thief.machine.join(world.now, secret, null, thief.sink);
    world.settle();
    expect(owner.machine.roomsOf(thief.id).size).toBe(0);
    expect(world.sent.some(({ to, notice }) => to === thief && notice.kind === 'room-update')).toBe(false);
    // With the new words, which only a person can have given, it is let in.
    thief.machine.join(world.now, secretNumber(9), null, thief.sink);
    world.settle();
    expect([...owner.machine.roomsOf(thief.id)]).toEqual([onlyRoom(owner).id]);
  });

  it('is one room for somebody who was left behind and is invited again', () => {
    const { world, owner, all } = party(3);
    const [, ben, cleo] = all;
    invariant(ben !== undefined && cleo !== undefined, 'three members');
    // The owner has never met Dora, so she is no heir.
    world.restart(cleo);
    const before = onlyRoom(cleo).id;
    for (const [id, member] of onlyRoom(owner).members) onlyRoom(owner).members.set(id, { ...member, met: id !== cleo.id });
    owner.machine.removeMember(onlyRoom(owner), ben.id, secretNumber(9), owner.sink);
    world.link(owner, cleo);
    world.settle();
    expect(hereAt(cleo)).toEqual([]);
    cleo.machine.join(world.now, secretNumber(9), hintsOf(owner), cleo.sink);
    world.settle();
    expect(hereAt(cleo)).toEqual([owner.id]);
    expect(onlyRoom(cleo)).toMatchObject({ id: before, version: 2 });
    expect([...cleo.machine.rooms()]).toHaveLength(1);
  });

  it('joined by later words turns out to be the room one is in', () => {
    const { world, owner, all } = party(3);
    const [, ben, cleo] = all;
    invariant(ben !== undefined && cleo !== undefined, 'three members');
    const { id } = onlyRoom(owner);
    world.restart(ben);
    world.restart(cleo);
    owner.machine.removeMember(onlyRoom(owner), cleo.id, secretNumber(9), owner.sink);
    const joined = ben.machine.join(world.now, secretNumber(9), null, ben.sink).id;
    expect([...ben.machine.rooms()]).toHaveLength(2);
    world.link(owner, ben);
    world.settle();
    expect([...ben.machine.rooms()].map((room) => room.id)).toEqual([id]);
    expect(ben.gone).toEqual([{ id: joined, why: 'left', became: id }]);
    expect(hereAt(ben)).toEqual([owner.id]);
  });

  it('ends when its time is over, and takes nobody in after that', () => {
    const world = new RoomWorld(2);
    const [anna, ben] = [world.device(0), world.device(1)];
    anna.machine.create(world.now, { secret, name: 'Tonight', lastsMs: 3_600_000 }, anna.sink);
    const hints = hintsOf(anna);
    ben.machine.join(world.now, secret, null, ben.sink);
    world.link(anna, ben);
    world.settle();
    expect(ben.machine.nextWake()).toBe(hints.endsAt);
    for (const device of [anna, ben]) {
      device.machine.timePasses((hints.endsAt ?? 0) - 1, device.sink);
      expect(device.gone).toEqual([]);
      device.machine.timePasses(hints.endsAt ?? 0, device.sink);
      expect(device.gone).toEqual([{ id: hints.id, why: 'ended', became: null }]);
      expect(device.machine.nextWake()).toBeNull();
    }
    expect(() => ben.machine.join(hints.endsAt ?? 0, secret, hints, ben.sink)).toThrow('room-over');
  });

  it('forgets whoever leaves, at once', () => {
    const { world, owner, all } = party(2);
    const ben = all[1];
    invariant(ben !== undefined, 'two members');
    ben.machine.leave(onlyRoom(ben), ben.sink);
    expect(ben.gone).toEqual([{ id: onlyRoom(owner).id, why: 'left', became: null }]);
    world.settle();
    expect(onlyRoom(owner).members.size).toBe(0);
    expect(owner.machine.roomsOf(ben.id).size).toBe(0);
  });

  it('can be one of several', () => {
    const { world, owner, all } = party(2);
    for (const device of all) device.machine.join(world.now, secretNumber(3), null, device.sink);
    world.settle();
    expect(owner.machine.roomsOf(all[1]?.id ?? owner.id).size).toBe(2);
    for (let number = 10; number < 8 + limits.rooms.joined; number++) owner.machine.join(world.now, secretNumber(number), null, owner.sink);
    expect(() => owner.machine.join(world.now, secretNumber(99), null, owner.sink)).toThrow('too-many');
  });

  it('looks at no more proofs than a device may send', () => {
    const { world, owner } = party(1, 1);
    const guesser = world.device(1);
    guesser.machine.join(world.now, secret, null, guesser.sink);
    const proofs = world.sent.findLast(({ from, to }) => from === guesser && to === owner)?.notice;
    invariant(proofs?.kind === 'room-proofs', 'it has proven something');
    const wrong = { ...proofs, proofs: proofs.proofs.map((proof) => proof.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))) };
    for (let times = 0; times < 8; times++) owner.machine.hear(world.now, guesser.id, wrong, owner.sink);
    owner.machine.hear(world.now, guesser.id, proofs, owner.sink);
    expect(owner.machine.roomsOf(guesser.id).size).toBe(0);
    owner.machine.hear(world.now + 1000, guesser.id, proofs, owner.sink);
    expect(owner.machine.roomsOf(guesser.id).size).toBe(1);
  });

  it('takes no more news of members than a device may send', () => {
    const { world, owner, all } = party(2);
    const ben = all[1];
    invariant(ben !== undefined, 'two members');
    const known = (number: number) => ({ id: deviceIdOf(new Uint8Array(32).fill(100 + number)), name: `Somebody ${number}`, addresses: [] });
    const tell = (numbers: readonly number[]): void => owner.machine.hear(world.now, ben.id, { kind: 'room-members', tag: onlyRoom(owner).tag, members: numbers.map(known) }, owner.sink);
    tell([1]);
    for (const length of [limits.rooms.members, limits.rooms.members - 1]) tell(Array.from({ length }, () => 2));
    tell([3]);
    expect([...onlyRoom(owner).members.values()].filter(({ met }) => !met).map(({ name }) => name)).toEqual(['Somebody 1', 'Somebody 2']);
  });

  it('never forgets somebody it met for somebody it only heard of', () => {
    const { world, owner, all } = party(3);
    const ben = all[1];
    invariant(ben !== undefined, 'three members');
    const members = Array.from({ length: limits.rooms.members }, (_, number) => ({ id: deviceIdOf(new Uint8Array(32).fill(1).fill(number >> 8, 1, 2).fill(number & 255, 2, 3).fill(200, 3)), name: 'x', addresses: [] }));
    owner.machine.hear(world.now, ben.id, { kind: 'room-members', tag: onlyRoom(owner).tag, members }, owner.sink);
    expect(onlyRoom(owner).members.size).toBe(limits.rooms.members - 1);
    expect(hereAt(owner)).toHaveLength(2);
  });

  type Step = { readonly kind: 'link' | 'unlink' | 'restart' | 'rename' | 'remove' | 'deliver'; readonly a: number; readonly b: number; readonly chance: number };
  const steps = fc.array(fc.record<Step>({
    kind: fc.constantFrom('link', 'unlink', 'restart', 'rename', 'remove', 'deliver', 'deliver', 'deliver', 'deliver'), a: fc.nat(4), b: fc.nat(4), chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }), { maxLength: 60 });

  it('means the same to all of its members in the end, whatever happened meanwhile, and nothing to those who were removed', () => {
    fc.assert(fc.property(steps, (script) => {
      const { world, owner, all } = party(4, 1);
      const outsider = world.device(4);
      let secrets = 20;
      const removed = new Set<RoomDevice>();
      for (const { kind, a, b, chance } of script) {
        const [one, other] = [world.device(a), world.device(b)];
        world.now += 2000;
        if (kind === 'link') world.link(one, other);
        else if (kind === 'unlink') world.unlink(one, other);
        else if (kind === 'restart') world.restart(one);
        else if (kind === 'rename') owner.machine.update(world.now, onlyRoom(owner), { name: `Name ${world.now}` }, owner.sink);
        else if (kind === 'remove' && onlyRoom(owner).members.has(other.id)) {
          owner.machine.removeMember(onlyRoom(owner), other.id, secretNumber(secrets++), owner.sink);
          removed.add(other);
        } else world.deliver(chance);
      }
      world.settle();
      world.linkAll();
      world.settle();
      const room = onlyRoom(owner);
      const members = all.filter((device) => !removed.has(device));
      for (const device of members) {
        expect(onlyRoom(device)).toMatchObject({ id: room.id, name: room.name, version: room.version, tag: room.tag });
        expect(hereAt(device)).toEqual(ids(...members.filter((other) => other !== device)));
      }
      for (const device of removed) {
        expect([...device.machine.rooms()]).toEqual([]);
        expect(members.some(({ machine }) => machine.roomsOf(device.id).size > 0)).toBe(false);
      }
      // A passphrase was never told to anybody who had been removed before, nor to anybody outside.
      for (const { to, notice } of world.sent) {
        if (notice.kind !== 'room-update' || notice.secret === null) continue;
        expect(to).not.toBe(outsider);
        if (removed.has(to)) expect(notice.secret).not.toBe(toHex(room.secret));
      }
    }), { numRuns: 150 });
  });
});
