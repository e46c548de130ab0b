import { describe, expect, it } from 'vitest';
import { at, idOf, MembershipWorld } from './membership-world.ts';

const [anna, bert] = [idOf('anna'), idOf('bert')];
const minute = 60_000;

describe('a device that dropped', () => {
  const linked = (): MembershipWorld => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    world.hint('10.0.0.2:1');
    world.run(minute);
    return world;
  };

  it('is linked again within a second', () => {
    const world = linked();
    world.drop(anna);
    expect(world.machine.device(anna)?.online).toBe(false);
    world.run(1000);
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it('is not hurried when it said goodbye', () => {
    const world = linked();
    world.drop(anna, true);
    world.run(10_000);
    expect(world.dials).toHaveLength(1);
  });

  it('is not dialled in a loop when it always hangs up', () => {
    const world = linked();
    const before = world.dials.length;
    for (let count = 0; count < 60; count++) {
      world.drop(anna);
      world.run(1000);
    }
    expect(world.dials.length - before).toBeLessThan(10);
  });

  it('is dialled at once again when the network is another one, which may have been why links ended', () => {
    const world = linked();
    for (let count = 0; count < 20; count++) {
      world.drop(anna);
      world.run(1000);
    }
    expect(world.machine.device(anna)?.online).toBe(false);
    world.step({ type: 'network-changed' });
    world.run(1000);
    expect(world.machine.device(anna)?.online).toBe(true);
    world.drop(anna);
    world.run(2000);
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it('is linked again at a new address', () => {
    const world = linked();
    world.answers.delete('10.0.0.2:1');
    world.answers.set('10.0.0.9:1', anna);
    world.drop(anna);
    world.hint('10.0.0.9:1', { nonce: '3'.repeat(16) });
    world.run(1000);
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it('loses an address that turned out to be of somebody else', () => {
    const world = linked();
    world.answers.set('10.0.0.2:1', bert);
    world.drop(anna);
    world.run(1000);
    expect(world.machine.device(anna)?.sources).toEqual([]);
    expect(world.machine.device(bert)?.online).toBe(true);
  });
});

describe('devices of earlier sessions', () => {
  const known = [{ id: anna, lastSeen: 5, addresses: [{ host: '10.0.0.2', port: 1, seen: { address: 5, mdns: 4 } }] }];

  it('are dialled at start, and nobody else will do at their address', () => {
    const world = new MembershipWorld({ known });
    expect(world.machine.device(anna)).toMatchObject({ online: false, lastSeen: 5 });
    world.answers.set('10.0.0.2:1', anna);
    world.run(2000);
    expect(world.dials).toMatchObject([{ expect: anna }]);
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it('lose an address where somebody else is', () => {
    const world = new MembershipWorld({ known });
    world.answers.set('10.0.0.2:1', bert);
    world.run(10 * minute);
    expect(world.dials).toHaveLength(1);
    expect(world.machine.device(anna)?.sources).toEqual([]);
  });

  it('come back from a snapshot', () => {
    const world = new MembershipWorld({ known });
    expect(world.machine.snapshot()).toEqual(known);
    expect(new MembershipWorld({ known: world.machine.snapshot() }).machine.device(anna)).toEqual(world.machine.device(anna));
  });

  it('are gone when forgotten', () => {
    const world = new MembershipWorld({ known });
    world.step({ type: 'forget', id: anna });
    expect(world.changed).toEqual([anna]);
    expect(world.machine.device(anna)).toBeUndefined();
    world.run(10 * minute);
    expect(world.dials).toEqual([]);
    expect(world.machine.snapshot()).toEqual([]);
  });

  it('are tried at once when the network changed', () => {
    const world = new MembershipWorld({ known });
    world.run(30 * minute);
    const before = world.dials.length;
    world.step({ type: 'network-changed' });
    world.run(1000);
    expect(world.dials.length).toBe(before + 1);
  });
});

describe('a device that somebody introduces', () => {
  const introduce = (world: MembershipWorld, id = anna): void => world.step({ type: 'introduced', id, address: at('10.0.0.2:1'), source: 'room' });

  it('is dialled where it is said to be, and nobody else will do there', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    introduce(world);
    world.run(1000);
    expect(world.dials.map(({ address, expect: id }) => [address, id])).toEqual([['10.0.0.2:1', anna]]);
    expect(world.machine.device(anna)).toMatchObject({ online: true, sources: [{ source: 'room', address: '10.0.0.2:1' }] });
    introduce(world);
    world.run(minute);
    expect(world.dials).toHaveLength(1);
  });

  it('is tried with growing waits when it is not there, and takes nobody the address who is', () => {
    const world = new MembershipWorld();
    introduce(world);
    world.run(minute);
    expect(world.dials.length).toBeGreaterThan(3);
    expect(world.dials.length).toBeLessThan(10);
    world.answers.set('10.0.0.3:1', bert);
    world.hint('10.0.0.3:1');
    world.run(1000);
    world.step({ type: 'introduced', id: anna, address: at('10.0.0.3:1'), source: 'server' });
    expect(world.machine.device(bert)?.sources.map(({ address }) => address)).toEqual(['10.0.0.3:1']);
  });

  it('is linked although somebody else was said to be there before, who is not', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    introduce(world, bert);
    introduce(world, anna);
    world.run(3000);
    expect(world.dials.map(({ expect: id }) => id)).toEqual([bert, anna]);
    expect([world.machine.device(anna)?.online, world.machine.device(bert)?.online]).toEqual([true, false]);
    // Whoever goes on saying so costs nothing more.
    introduce(world, bert);
    world.run(minute);
    expect(world.dials).toHaveLength(2);
  });

  it('is met also by a device that shows itself to paired ones only, but not by a hidden one', () => {
    for (const [visibility, dials] of [['paired', 1], ['hidden', 0]] as const) {
      const world = new MembershipWorld({ visibility });
      world.answers.set('10.0.0.2:1', anna);
      introduce(world);
      world.run(minute);
      expect(world.dials).toHaveLength(dials);
    }
  });
});
