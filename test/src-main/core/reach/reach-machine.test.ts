import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReachMachine, type ReachEvent } from '#main/core/reach/reach-machine.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';

const device = (number: number): DeviceId => deviceIdOf(new Uint8Array(32).fill(number));
const [a, b] = [device(1), device(2)].toSorted((x, y) => (x < y ? -1 : 1)) as [DeviceId, DeviceId];

/** One node, in virtual time; what it does goes nowhere unless a test says so. */
class World {
  now = 1_000_000;
  readonly began = this.now;
  readonly machine: ReachMachine;
  readonly done: { readonly what: string; readonly id: DeviceId; readonly after: number }[] = [];

  constructor(self: DeviceId) {
    this.machine = new ReachMachine(self, () => 0);
  }

  step(event: ReachEvent): void {
    const note = (what: string) => (id: DeviceId) => { this.done.push({ what, id, after: this.now - this.began }); };
    this.machine.step(this.now, event, { call: note('call'), punch: note('punch'), relay: note('relay') });
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; this.machine.nextAt !== null && this.machine.nextAt <= end; steps++) {
      if (steps > 100_000) throw new Error('time stands still');
      this.now = Math.max(this.now, this.machine.nextAt);
      this.step({ type: 'tick' });
    }
    this.now = end;
  }

  /** What was done since the last time that was asked: `what@seconds`. */
  told(): string[] {
    return this.done.splice(0).map(({ what, after }) => `${what}@${after / 1000}`);
  }
}

describe('reaching a device that a server names', () => {
  it('asks it to dial, makes holes, and takes a relay last', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: false });
    world.run(20_000);
    expect(world.told()).toEqual(['call@0', 'punch@1.5', 'relay@4.5']);
    expect(world.machine.count).toBe(0);
  });

  it('ends with the first way that leads there', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: true });
    world.run(1000);
    world.step({ type: 'linked', id: b, relayed: false });
    world.run(3_600_000);
    expect(world.told()).toEqual(['call@0']);
  });

  it('of two that want each other, leaves the beginning to the one with the smaller id', () => {
    const world = new World(b);
    world.step({ type: 'wanted', id: a, mutual: true });
    world.run(13_000);
    expect(world.told()).toEqual(['call@0', 'punch@7', 'relay@12']);
  });

  it('does not wait for a hole that could not be made', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: true });
    world.run(2000);
    world.step({ type: 'punch-failed', id: b });
    expect(world.told()).toEqual(['call@0', 'punch@1.5', 'relay@2']);
    world.step({ type: 'punch-failed', id: b });
    world.run(5000);
    expect(world.told()).toEqual([]);
  });

  it('looks for something better than a relay, at first soon, and goes on as long as it lasts', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: true });
    world.run(5000);
    world.step({ type: 'linked', id: b, relayed: true });
    world.told();
    world.run(60_000);
    expect(world.told()).toEqual(['call@10', 'punch@11.5', 'call@59.5', 'punch@61']);
    world.step({ type: 'linked', id: b, relayed: false });
    world.run(3_600_000);
    expect(world.told()).toEqual([]);
  });

  it('begins nothing when a better link takes the place of a relayed one', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: true });
    world.step({ type: 'linked', id: b, relayed: true });
    world.told();
    world.step({ type: 'unlinked', id: b });
    world.step({ type: 'linked', id: b, relayed: false });
    world.run(60_000);
    expect(world.told()).toEqual([]);
  });

  it('tries again what failed with growing waits, at once when the device is named again, and not when it is gone', () => {
    const world = new World(a);
    world.step({ type: 'wanted', id: b, mutual: true });
    world.run(3_600_000);
    const calls = world.done.filter(({ what }) => what === 'call').map(({ after }) => after);
    const gaps = calls.map((at, index) => at - (calls[index - 1] ?? 0)).slice(1);
    expect(gaps.slice(0, 3)).toEqual([49_500, 79_500, 139_500]);
    expect(Math.max(...gaps)).toBe(919_500);
    world.told();
    world.step({ type: 'wanted', id: b, mutual: true });
    expect(world.told()).toHaveLength(1);
    world.step({ type: 'gone', id: b });
    world.run(3_600_000);
    expect(world.told()).toEqual([]);
    expect(world.machine.count).toBe(0);
  });

  it('comes back to whoever was lost, after a relay by another one, and forgets in the end who is not in a room', () => {
    for (const [relayed, ways] of [[true, ['relay@0.1', 'call@1.1', 'punch@2.1']], [false, ['call@0', 'punch@1.5', 'relay@4.5']]] as const) {
      for (const mutual of [true, false]) {
        const world = new World(a);
        world.step({ type: 'wanted', id: b, mutual });
        world.step({ type: 'linked', id: b, relayed });
        world.told();
        world.step({ type: 'unlinked', id: b });
        world.run(15_000);
        expect(world.told()).toEqual(ways);
        world.run(3_600_000);
        expect(world.machine.count).toBe(mutual ? 1 : 0);
      }
    }
  });

  it('gets to all of a large room, a few at once', () => {
    const world = new World(a);
    const ids = Array.from({ length: 100 }, (_, index) => device(index + 50));
    for (const id of ids) world.step({ type: 'wanted', id, mutual: false });
    expect(world.done).toHaveLength(16);
    world.run(10 * 20_000);
    expect(new Set(world.done.filter(({ what }) => what === 'relay').map(({ id }) => id)).size).toBe(100);
  });

  it('never does more than it may, whatever happens', () => {
    const ids = Array.from({ length: 30 }, (_, index) => device(index + 3));
    const event = fc.oneof(
      fc.record({ type: fc.constant('wanted' as const), id: fc.constantFrom(...ids), mutual: fc.boolean() }),
      fc.record({ type: fc.constant('linked' as const), id: fc.constantFrom(...ids), relayed: fc.boolean() }),
      fc.record({ type: fc.constantFrom('gone' as const, 'unlinked' as const, 'punch-failed' as const), id: fc.constantFrom(...ids) }),
    );
    fc.assert(fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 30_000 })), { maxLength: 60 }), (script) => {
      const world = new World(a);
      const latest = new Map<DeviceId, string>();
      for (const [each, ms] of script) {
        const before = world.done.length;
        latest.set(each.id, each.type);
        world.step(each);
        world.run(ms);
        // Nobody who is linked gets a relay.
        for (const { what, id } of world.done.slice(before)) if (what === 'relay') expect(latest.get(id)).not.toBe('linked');
        expect(world.done.filter(({ after }) => after > world.now - world.began - 60_000).length).toBeLessThanOrEqual(3 * 16 * 10);
      }
      // Everything comes to rest but what waits for something better or for a member of a room.
      for (const type of ['unlinked', 'gone'] as const) for (const id of ids) world.step({ type, id });
      expect([world.machine.count, world.machine.nextAt]).toEqual([0, null]);
    }), { numRuns: 200 });
  });
});
