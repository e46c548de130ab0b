import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { at, idOf, MembershipWorld } from './membership-world.ts';

const addresses = ['10.0.0.2:1', '10.0.0.2:2', '10.0.0.3:1', '[fe80::2%eth0]:1', '127.0.0.1:9'];
const ids = ['anna', 'bert', 'cora'].map(idOf);
const address = fc.constantFrom(...addresses);
const id = fc.constantFrom(...ids);
const nonce = fc.constantFrom('1', '2', '0').map((digit) => digit.repeat(16));
const tag = fc.constantFrom('00000001', '00000002');

type Act = (world: MembershipWorld) => void;
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(address, nonce, tag, fc.constantFrom('multicast' as const, 'mdns' as const)).map(([where, n, t, source]): Act => (world) => world.hint(where, { nonce: n, tag: t, source })),
  address.map((where): Act => (world) => world.step({ type: 'hint', address: at(where), source: 'address' })),
  fc.tuple(id, address, fc.constantFrom('room' as const, 'server' as const)).map(([who, where, source]): Act => (world) => world.step({ type: 'introduced', id: who, address: at(where), source })),
  fc.constantFrom(null, '10.0.0.').map((hosts): Act => (world) => { world.ownNetwork = hosts; }),
  fc.tuple(address, nonce).map(([where, n]): Act => (world) => world.step({ type: 'goodbye', address: at(where), nonce: n })),
  fc.tuple(id, address, fc.boolean()).map(([who, where, isNear]): Act => (world) => { world.link(who, at(where), isNear); }),
  fc.tuple(address, fc.boolean()).map(([where, isFar]): Act => (world) => { if (isFar) world.far.add(where); else world.far.delete(where); }),
  fc.tuple(id, fc.boolean()).map(([who, left]): Act => (world) => world.drop(who, left)),
  id.map((who): Act => (world) => world.step({ type: 'forget', id: who })),
  fc.tuple(address, fc.option(fc.oneof(id, fc.constantFrom('refused' as const, 'timeout' as const)))).map(([where, answer]): Act => (world) => {
    if (answer === null) world.answers.delete(where);
    else world.answers.set(where, answer);
  }),
  fc.constantFrom('everyone' as const, 'paired' as const, 'hidden' as const).map((visibility): Act => (world) => world.step({ type: 'visibility', visibility })),
  fc.tuple(id, fc.constantFrom('seen' as const, 'paired' as const, 'blocked' as const)).map(([who, trust]): Act => (world) => world.step({ type: 'trust', id: who, trust })),
  fc.constant<Act>((world) => world.step({ type: 'network-changed' })),
  fc.constant<Act>((world) => { world.dialMs = world.dialMs === 20 ? 6000 : 20; }),
  // Answers that nobody asked for change nothing.
  fc.tuple(address, id).map(([where, who]): Act => (world) => { if (!world.dials.some((dial) => dial.at + 6000 > world.now)) world.step({ type: 'dial-succeeded', address: at(where), id: who }); }),
  fc.integer({ min: 0, max: 100_000 }).map((ms): Act => (world) => world.run(ms)),
);

it('whatever happens: bounded tables, never two dials to one address, each address at one device, time always moves on', () => {
  fc.assert(fc.property(fc.array(act, { maxLength: 60 }), fc.nat(), (acts, seed) => {
    const world = new MembershipWorld({ seed });
    for (const next of acts) {
      next(world);
      expect(world.maxDials).toBeLessThanOrEqual(limits.discovery.dialsAtOnce);
      expect(world.machine.addressCount).toBeLessThanOrEqual(addresses.length);
      const listed = [...world.machine.ids()].flatMap((who) => [...new Set(world.machine.device(who)?.sources.map((row) => row.address))]);
      expect(new Set(listed).size).toBe(listed.length);
    }
    world.run(60_000);
  }), { numRuns: 300 });
});

it('whatever happened before, a device that announces itself and answers is linked in the end', () => {
  fc.assert(fc.property(fc.array(act, { maxLength: 40 }), fc.nat(), address, id, (acts, seed, where, who) => {
    const world = new MembershipWorld({ seed });
    for (const next of acts) next(world);
    world.answers.clear();
    world.answers.set(where, who);
    world.step({ type: 'visibility', visibility: 'everyone' });
    world.step({ type: 'trust', id: who, trust: 'seen' });
    if (world.linked.has(who)) return;
    for (let round = 0; round < 45; round++) {
      world.hint(where, { nonce: '3'.repeat(16) });
      world.run(15_000);
    }
    expect(world.machine.device(who)?.online).toBe(true);
  }), { numRuns: 200 });
});

it('every reachable address of many is dialled, sixteen at a time', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, seed) => {
    const world = new MembershipWorld({ seed });
    const hosts = Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}:1`);
    hosts.forEach((host, index) => {
      if (index % 3 === 0) world.answers.set(host, idOf(`device ${index}`));
      world.hint(host, { nonce: (index + 1).toString(16).padStart(16, '0') });
    });
    world.dialMs = 3000;
    world.run(90_000);
    expect(world.maxDials).toBeLessThanOrEqual(limits.discovery.dialsAtOnce);
    hosts.forEach((_, index) => { if (index % 3 === 0) expect(world.machine.device(idOf(`device ${index}`))?.online).toBe(true); });
  }), { numRuns: 20 });
});

const announced = (world: MembershipWorld, where: string, rounds: number): void => {
  for (let round = 0; round < rounds; round++) {
    world.hint(where, { nonce: '3'.repeat(16) });
    world.run(15_000);
  }
};

it('an address that a blocked device only names as its own still leads to who is there', () => {
  const world = new MembershipWorld({ seed: 0 });
  const [blocked, other] = [idOf('anna'), idOf('bert')];
  world.linked.add(blocked);
  world.step({ type: 'link-up', id: blocked, address: at('10.0.0.2:1'), dialled: false, isNear: true });
  world.step({ type: 'trust', id: blocked, trust: 'blocked' });
  world.answers.set('10.0.0.2:1', other);
  announced(world, '10.0.0.2:1', 10);
  expect(world.machine.device(other)?.online).toBe(true);
});

it('a device that announces itself at an address proven to be another one is found', () => {
  const world = new MembershipWorld({ seed: 0 });
  const [before, after] = [idOf('anna'), idOf('bert')];
  world.step({ type: 'hint', address: at('10.0.0.2:1'), source: 'address' });
  world.answers.set('10.0.0.2:1', before);
  world.run(1000);
  expect(world.machine.device(before)?.online).toBe(true);
  world.answers.set('10.0.0.2:1', after);
  announced(world, '10.0.0.2:1', 10);
  expect(world.machine.device(after)?.online).toBe(true);
});
