import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { at, idOf, MembershipWorld } from './membership-world.ts';

const [anna, bert] = [idOf('anna'), idOf('bert')];
const minute = 60_000;

describe('a hint', () => {
  it('is dialled at once and proves which device is there', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    world.hint('10.0.0.2:1');
    world.run(100);
    expect(world.dials).toHaveLength(1);
    expect(world.machine.device(anna)).toMatchObject({ online: true, sources: [{ source: 'multicast', address: '10.0.0.2:1' }] });
  });

  it('makes no device appear before a link proved it', () => {
    const world = new MembershipWorld();
    world.hint('10.0.0.2:1');
    world.run(10 * minute);
    expect([...world.machine.ids()]).toEqual([]);
  });

  it('of ourselves is not dialled', () => {
    const world = new MembershipWorld();
    world.hint('10.0.0.1:1', { nonce: '0'.repeat(16) });
    expect(world.dials).toEqual([]);
  });

  it('that leads to ourselves is dialled once', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.1:1', world.own);
    for (let count = 0; count < 20; count++) {
      world.hint('10.0.0.1:1');
      world.run(20_000);
    }
    expect(world.dials).toHaveLength(1);
  });

  it('waits a moment when the other one, with the smaller nonce, dials first', () => {
    const world = new MembershipWorld({ nonce: 'f'.repeat(16) });
    const start = world.now;
    world.hint('10.0.0.2:1');
    expect(world.dials).toEqual([]);
    world.run(1000);
    expect(world.dials[0]?.at).toBe(start + 150);
  });

  it('is dialled without hurry, to prove it, when a device that linked to us says that it is there', () => {
    const world = new MembershipWorld({ nonce: 'f'.repeat(16) });
    world.hint('10.0.0.2:1');
    world.step({ type: 'link-up', id: anna, address: at('10.0.0.2:1'), dialled: false, isNear: true });
    world.run(20_000);
    expect(world.dials).toEqual([]);
    world.run(minute);
    expect(world.dials).toHaveLength(1);
    expect(world.machine.device(anna)?.sources.map((row) => row.source).sort()).toEqual(['incoming', 'multicast']);
  });

  it('from several ways is one device with all of them', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna).set('[fe80::2%eth0]:1', anna);
    world.hint('10.0.0.2:1');
    world.hint('10.0.0.2:1', { source: 'mdns', tag: '00000002' });
    world.run(1000);
    world.hint('[fe80::2%eth0]:1');
    world.step({ type: 'hint', address: at('10.0.0.2:1'), source: 'address' });
    world.run(1000);
    expect(world.dials).toHaveLength(1);
    world.run(minute);
    const sources = world.machine.device(anna)?.sources.map((row) => `${row.source} ${row.address}`);
    expect(sources?.sort()).toEqual(['address 10.0.0.2:1', 'mdns 10.0.0.2:1', 'multicast 10.0.0.2:1', 'multicast [fe80::2%eth0]:1']);
    expect(world.dialsTo('[fe80::2%eth0]:1')).toHaveLength(1);
  });
});

describe('an address that does not answer', () => {
  it('is tried again with growing waits while somebody announces it', () => {
    const world = new MembershipWorld();
    for (let count = 0; count < 60; count++) {
      world.hint('10.0.0.2:1');
      world.run(30_000);
    }
    const waits = world.dials.slice(1).map((dial, index) => dial.at - (world.dials[index]?.at ?? 0) - world.dialMs);
    waits.forEach((wait, failures) => {
      const full = Math.min(300_000, 1000 * 2 ** failures);
      expect(wait).toBeGreaterThanOrEqual(0.75 * full);
      expect(wait).toBeLessThanOrEqual(full);
    });
    expect(waits.length).toBeGreaterThan(8);
  });

  it('is forgotten when nobody announces it any more', () => {
    const world = new MembershipWorld();
    world.hint('10.0.0.2:1');
    world.run(30 * minute);
    expect(world.dials.at(-1)?.at).toBeLessThan(world.now - 25 * minute);
    expect(world.machine.addressCount).toBe(0);
  });

  it('is tried at once when another program, or the same with a new tag, announces itself there', () => {
    for (const change of [{ nonce: '2'.repeat(16) }, { tag: '00000002' }]) {
      const world = new MembershipWorld();
      world.hint('10.0.0.2:1');
      world.run(minute);
      const before = world.dials.length;
      world.hint('10.0.0.2:1', change);
      expect(world.dials.length).toBe(before + 1);
    }
  });

  it('is not dialled faster because a forger changes nonces', () => {
    const world = new MembershipWorld();
    for (let count = 0; count < 1000; count++) {
      world.hint('10.0.0.2:1', { nonce: count.toString(16).padStart(16, '0') });
      world.run(60);
    }
    expect(world.dials.length).toBeLessThan(40);
  });

  it('is tried for ever when the user typed it', () => {
    const world = new MembershipWorld();
    world.step({ type: 'hint', address: at('192.0.2.1:1'), source: 'address' });
    world.run(60 * minute);
    world.answers.set('192.0.2.1:1', anna);
    world.run(5 * minute);
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it.each(['version-mismatch', 'network-off'] as const)('that does not fit (%s) is left alone for minutes, or until the network is another one', (code) => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', code);
    world.hint('10.0.0.2:1');
    world.run(90_000);
    expect(world.dials).toHaveLength(1);
    world.step({ type: 'network-changed' });
    world.run(1000);
    expect(world.dials).toHaveLength(2);
  });
});

describe('visibility', () => {
  it('hidden: only addresses that the user typed are dialled', () => {
    const world = new MembershipWorld({ visibility: 'hidden', known: [{ id: anna, lastSeen: 5, addresses: [{ host: '10.0.0.2', port: 1, seen: { mdns: 4 } }] }] });
    world.hint('10.0.0.3:1');
    world.step({ type: 'hint', address: at('192.0.2.1:1'), source: 'address' });
    world.run(minute);
    expect(new Set(world.dials.map((dial) => dial.address))).toEqual(new Set(['192.0.2.1:1']));
  });

  it('paired: hints are dialled only while a paired device is missing', () => {
    const world = new MembershipWorld({ visibility: 'paired' });
    world.answers.set('10.0.0.2:1', anna);
    world.hint('10.0.0.2:1');
    world.run(minute);
    expect(world.dials).toEqual([]);
    world.step({ type: 'link-up', id: anna, address: null, dialled: false, isNear: true });
    world.step({ type: 'trust', id: anna, trust: 'paired' });
    world.drop(anna);
    world.hint('10.0.0.2:1');
    world.run(1000);
    expect(world.machine.device(anna)?.online).toBe(true);
    world.hint('10.0.0.3:1');
    world.run(minute);
    expect(world.dialsTo('10.0.0.3:1')).toEqual([]);
  });

  it('whoever is dialled because of its announcement is not asked for, whom the user, a room or a server names is', () => {
    const world = new MembershipWorld();
    world.hint('10.0.0.2:1');
    world.step({ type: 'hint', address: at('192.0.2.1:1'), source: 'address' });
    world.step({ type: 'introduced', id: anna, address: at('192.0.2.2:1'), source: 'room' });
    world.step({ type: 'introduced', id: bert, address: at('192.0.2.3:1'), source: 'server' });
    world.run(10_000);
    expect(new Map(world.dials.map(({ address, isAsked }) => [address, isAsked]))).toEqual(new Map([['10.0.0.2:1', false], ['192.0.2.1:1', true], ['192.0.2.2:1', true], ['192.0.2.3:1', true]]));
  });

  it('blocked devices are not dialled, whatever announces them', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    world.hint('10.0.0.2:1');
    world.run(1000);
    world.step({ type: 'trust', id: anna, trust: 'blocked' });
    world.drop(anna);
    world.hint('10.0.0.2:1', { nonce: '7'.repeat(16) });
    world.run(10 * minute);
    expect(world.dials).toHaveLength(1);
  });
});

describe('liars', () => {
  it('cannot fill the table', () => {
    const world = new MembershipWorld();
    for (let count = 0; count < 5000; count++) world.hint(`10.${count >> 8}.${count & 255}.1:1`);
    expect(world.machine.addressCount).toBeLessThanOrEqual(limits.discovery.hintsTable);
    expect(world.maxDials).toBeLessThanOrEqual(limits.discovery.dialsAtOnce);
  });

  it('cannot keep others from being dialled by naming many ports of one host', () => {
    const world = new MembershipWorld();
    world.dialMs = 5000;
    world.answers.set('10.0.0.2:1', anna);
    for (let port = 1; port <= 500; port++) world.hint(`10.0.0.66:${port}`, { nonce: port.toString(16).padStart(16, '0') });
    world.hint('10.0.0.2:1');
    expect(world.dialsTo('10.0.0.2:1')).toHaveLength(1);
  });

  it('cannot keep a device from being dialled by announcing its nonce elsewhere', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.66:1', bert).set('10.0.0.2:1', anna);
    world.hint('10.0.0.66:1', { nonce: '4'.repeat(16) });
    world.run(1000);
    for (let count = 0; count < 3; count++) {
      world.hint('10.0.0.2:1', { nonce: '4'.repeat(16) });
      world.run(15_000);
    }
    expect(world.machine.device(anna)?.online).toBe(true);
  });

  it('change nothing about a linked device by saying goodbye for it', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.2:1', anna);
    world.hint('10.0.0.2:1');
    world.run(minute);
    const before = world.machine.device(anna);
    world.step({ type: 'goodbye', address: at('10.0.0.2:1'), nonce: '1'.repeat(16) });
    expect(world.machine.device(anna)).toEqual(before);
    world.run(minute);
    expect(world.machine.device(anna)).toEqual(before);
  });
});

describe('who announces itself without being linked', () => {
  it('is told once for each start of a node, the latest first, and no more once it is linked or has left', () => {
    const world = new MembershipWorld();
    world.answers.set('10.0.0.4:1', anna);
    world.hint('10.0.0.2:1', { nonce: '2'.repeat(16) });
    world.run(1000);
    world.hint('10.0.0.3:1', { nonce: '3'.repeat(16) });
    world.hint('10.0.0.33:1', { nonce: '3'.repeat(16) });
    world.hint('10.0.0.4:1', { nonce: '4'.repeat(16) });
    const heardAt = world.now;
    world.run(1000);
    expect(world.machine.unlinked(world.now)).toEqual([at('10.0.0.33:1'), at('10.0.0.2:1')]);
    expect([world.machine.announcedAt(at('10.0.0.3:1'), world.now), world.machine.announcedAt(at('10.0.0.9:1'), world.now)]).toEqual([heardAt, null]);
    expect([world.machine.linkedAt(anna), world.machine.linkedAt(bert)]).toEqual([heardAt + world.dialMs, null]);
    world.step({ type: 'goodbye', address: at('10.0.0.2:1'), nonce: '2'.repeat(16) });
    expect([world.machine.unlinked(world.now), world.machine.announcedAt(at('10.0.0.2:1'), world.now)]).toEqual([[at('10.0.0.33:1')], null]);
    world.run(10 * minute);
    expect(world.machine.unlinked(world.now)).toEqual([]);
  });
});
