import { describe, expect, it } from 'vitest';
import { at, idOf, MembershipWorld } from './membership-world.ts';

const anna = idOf('anna');
const minute = 60_000;

describe('a device that is linked from afar', () => {
  const home = '10.0.0.2:1';
  const linkedFar = (options: ConstructorParameters<typeof MembershipWorld>[0] = {}): MembershipWorld => {
    const world = new MembershipWorld(options);
    world.far.add('192.0.2.1:1');
    world.answers.set('192.0.2.1:1', anna).set(home, anna);
    world.step({ type: 'hint', address: at('192.0.2.1:1'), source: 'address' });
    world.run(minute);
    expect([...world.linkedFar]).toEqual([anna]);
    return world;
  };

  it('is dialled at once where it announces itself on our network, and not again when that was better', () => {
    const world = linkedFar();
    world.hint(home);
    world.run(1000);
    expect([...world.linkedFar]).toEqual([]);
    for (let round = 0; round < 40; round++) {
      world.hint(home, { tag: String(round).padStart(8, '0') });
      world.run(15_000);
    }
    expect(world.dialsTo(home)).toHaveLength(1);
  });

  it('is dialled at once also where it was known before, and again when it comes back there', () => {
    const known = [{ id: anna, lastSeen: 0, addresses: [{ host: '10.0.0.2', port: 1, seen: { multicast: 0 } }, { host: '192.0.2.1', port: 1, seen: { address: 1 } }] }];
    const world = new MembershipWorld({ known });
    world.far.add('192.0.2.1:1');
    world.answers.set('192.0.2.1:1', anna);
    world.run(minute);
    expect([...world.linkedFar]).toEqual([anna]);
    const tried = world.dialsTo(home).length;
    world.answers.set(home, anna);
    world.run(10 * minute);
    expect(world.dialsTo(home)).toHaveLength(tried);
    world.hint(home);
    world.run(1000);
    expect(world.dialsTo(home)).toHaveLength(tried + 1);
    expect([...world.linkedFar]).toEqual([]);
  });

  it('is dialled there once when that is no better, until something has changed', () => {
    const world = linkedFar();
    world.far.add(home);
    const announcedFor = (rounds: number, nonce: string): void => {
      for (let round = 0; round < rounds; round++) {
        world.hint(home, { nonce, tag: String(round).padStart(8, '0') });
        world.run(15_000);
      }
    };
    announcedFor(240, '1'.repeat(16));
    expect(world.dialsTo(home)).toHaveLength(1);
    world.far.delete(home);
    world.step({ type: 'network-changed' });
    announcedFor(4, '1'.repeat(16));
    expect(world.dialsTo(home)).toHaveLength(2);
    expect([...world.linkedFar]).toEqual([]);
  });

  it('costs a dial now and then when somebody announces it where nobody answers, or somebody else does', () => {
    for (const answer of ['timeout', idOf('bert')] as const) {
      const world = linkedFar();
      world.answers.set(home, answer);
      for (let round = 0; round < 240; round++) {
        world.hint(home, { nonce: '1'.repeat(16) });
        world.run(15_000);
      }
      // An hour of waits that double up to five minutes, with up to a quarter off.
      expect(world.dialsTo(home).length).toBeLessThanOrEqual(answer === 'timeout' ? 30 : 1);
    }
  });

  describe('where announcements do not get through', () => {
    const said = (world: MembershipWorld, address = home): void => { world.step({ type: 'introduced', id: anna, address: at(address), source: 'server' }); };

    it('is dialled once where a server says that it is on our network, and moves there', () => {
      const world = linkedFar();
      world.ownNetwork = '10.0.0.';
      said(world);
      world.run(1100);
      expect(world.dialsTo(home)).toMatchObject([{ expect: anna }]);
      expect([...world.linkedFar]).toEqual([]);
      said(world);
      world.run(60 * minute);
      expect(world.dialsTo(home)).toHaveLength(1);
    });

    it('is dialled there also when that was said before the link was up, or in an earlier session', () => {
      const known = [{ id: anna, lastSeen: 0, addresses: [{ host: '10.0.0.2', port: 1, seen: { multicast: 0 } }] }];
      for (const world of [new MembershipWorld(), new MembershipWorld({ known })]) {
        world.ownNetwork = '10.0.0.';
        said(world);
        world.run(200);
        // It was not there yet.
        const tried = world.dialsTo(home).length;
        world.answers.set(home, anna);
        world.link(anna, at('192.0.2.1:1'), false);
        world.run(2 * minute);
        expect([...world.linkedFar]).toEqual([]);
        expect(world.dialsTo(home)).toHaveLength(tried + 1);
      }
    });

    it('is looked for there when we come to its network', () => {
      const world = linkedFar();
      said(world);
      world.link(anna, at(home), false);
      world.run(60 * minute);
      expect(world.dialsTo(home)).toEqual([]);
      world.ownNetwork = '10.0.0.';
      world.step({ type: 'network-changed' });
      world.run(1100);
      expect(world.dialsTo(home)).toHaveLength(1);
      expect([...world.linkedFar]).toEqual([]);
    });

    it('is dialled at no address of a network that we are not on, nor when its link is near', () => {
      const world = linkedFar();
      world.ownNetwork = '10.0.0.';
      said(world, '192.168.7.7:1');
      world.link(anna, at(home), true);
      said(world, '10.0.0.3:1');
      world.run(60 * minute);
      expect(world.dials.filter(({ address }) => address !== '192.0.2.1:1')).toEqual([]);
    });

    it('costs a few dials, whatever a server names, and however often', () => {
      const world = linkedFar();
      world.ownNetwork = '10.0.0.';
      world.answers.set(home, idOf('bert'));
      const before = world.dials.length;
      for (let round = 0; round < 3600; round++) {
        said(world, `10.0.0.${2 + (round % 250)}:${1 + (round % 7)}`);
        world.run(1000);
      }
      expect(world.dials.length - before).toBeGreaterThan(20);
      // Of an hour's twelve times five minutes, four each.
      expect(world.dials.length - before).toBeLessThanOrEqual(4 * 13);
      const again = linkedFar();
      again.ownNetwork = '10.0.0.';
      again.answers.set(home, 'timeout');
      for (let round = 0; round < 3600; round++) {
        said(again);
        again.run(1000);
      }
      expect(again.dialsTo(home).length).toBeLessThanOrEqual(16);
    });
  });

  it('is not dialled while hidden, nor where it only says itself that it is', () => {
    const world = linkedFar({ visibility: 'hidden' });
    world.hint(home);
    world.run(minute);
    expect(world.dialsTo(home)).toEqual([]);
    const other = linkedFar();
    other.step({ type: 'introduced', id: anna, address: at(home), source: 'room' });
    other.run(minute);
    expect(other.dialsTo(home)).toEqual([]);
  });
});
