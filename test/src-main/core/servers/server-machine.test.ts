import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerMachine, type ServerEvent } from '#main/core/servers/server-machine.ts';

type Done = 'connect' | 'disconnect' | 'register' | 'heartbeat';

/** A server that does what a test says, in virtual time. */
class World {
  now = 1_000_000;
  chance = 0;
  readonly machine = new ServerMachine(this.now, () => this.chance);
  readonly done: { readonly what: Done; readonly at: number }[] = [];

  constructor() {
    this.step({ type: 'tick' });
  }

  step(event: ServerEvent): void {
    const note = (what: Done) => () => { this.done.push({ what, at: this.now }); };
    this.machine.step(this.now, event, { connect: note('connect'), disconnect: note('disconnect'), register: note('register'), heartbeat: note('heartbeat') });
  }

  /** Lets time pass, with what is due in it. */
  run(ms: number, answer: (what: Done) => void = () => undefined): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.machine.nextAt;
      if (next === null || next > end) break;
      this.now = Math.max(this.now, next);
      const before = this.done.length;
      this.step({ type: 'tick' });
      for (const { what } of this.done.slice(before)) answer(what);
    }
    this.now = end;
  }

  up(): void {
    this.step({ type: 'up', heartbeatMs: 10_000, registered: false });
    this.step({ type: 'accepted' });
    this.step({ type: 'registered' });
  }

  count(what: Done): number {
    return this.done.filter((each) => each.what === what).length;
  }
}

describe('a bootstrap server', () => {
  it('is connected at once, told who we are, and hears from us every ten seconds', () => {
    const world = new World();
    expect(world.done.map(({ what }) => what)).toEqual(['connect']);
    expect(world.machine.state).toBe('connecting');
    world.up();
    expect(world.machine).toMatchObject({ state: 'online', error: null });
    world.run(60_000, (what) => {
      if (what !== 'heartbeat') return;
      world.now += 30;
      world.step({ type: 'heartbeat', registered: true });
    });
    expect(world.count('heartbeat')).toBeGreaterThanOrEqual(5);
    expect(world.count('connect')).toBe(1);
    expect(world.count('register')).toBe(1);
    expect(world.machine.latencyMs).toBe(30);
  });

  it('is given up when it answers three heartbeats not, and is tried again', () => {
    const world = new World();
    world.up();
    world.run(35_000);
    expect(world.machine).toMatchObject({ state: 'connecting', error: { code: 'timeout' } });
    expect(world.count('disconnect')).toBe(1);
    expect(world.count('connect')).toBe(2);
  });

  it('is tried again with growing waits, and gently after a success', () => {
    const world = new World();
    world.step({ type: 'down', error: { code: 'not-reachable' } });
    expect(world.machine).toMatchObject({ state: 'waiting', error: { code: 'not-reachable' } });
    world.run(3_600_000, (what) => { if (what === 'connect') world.step({ type: 'down', error: { code: 'not-reachable' } }); });
    const gaps = world.done.map(({ at }, index) => at - (world.done[index - 1]?.at ?? at)).slice(1);
    expect(gaps.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(Math.max(...gaps)).toBe(300_000);
    world.up();
    world.step({ type: 'down', error: { code: 'link-closed' } });
    const at = world.now;
    world.run(2000);
    expect(world.done.at(-1)).toEqual({ what: 'connect', at: at + 1000 });
  });

  it('is tried again within a second when the network is another one, however long it was away, and not by all at the same moment', () => {
    for (const chance of [0, 0.9]) {
      const world = new World();
      world.chance = chance;
      for (let failures = 0; failures < 12; failures++) {
        world.step({ type: 'down', error: { code: 'not-reachable' } });
        if (failures < 11) world.run(6 * 60_000);
      }
      world.run(5000);
      const before = world.count('connect');
      world.step({ type: 'network-changed' });
      world.run(chance * 1000 - 1);
      expect(world.count('connect')).toBe(before + (chance === 0 ? 1 : 0));
      world.run(2);
      expect(world.count('connect')).toBe(before + 1);
      // The network works: the next waits grow from the beginning.
      world.step({ type: 'down', error: { code: 'not-reachable' } });
      world.run(1100);
      expect(world.count('connect')).toBe(before + 2);
    }
  });

  it('is told where we are when the network is another one', () => {
    const world = new World();
    world.up();
    const before = world.count('register');
    world.step({ type: 'network-changed' });
    world.run(1000);
    expect(world.count('register')).toBe(before + 1);
  });

  it('that never says hello is hung up on', () => {
    const world = new World();
    world.run(15_000);
    expect(world.done.map(({ what }) => what)).toEqual(['connect', 'disconnect']);
    expect(world.machine).toMatchObject({ state: 'waiting', error: { code: 'timeout' } });
  });

  it('learns what is new, several news at once and also those that come while it is told', () => {
    const world = new World();
    world.up();
    for (let times = 0; times < 5; times++) world.step({ type: 'news' });
    world.run(1000);
    expect(world.count('register')).toBe(2);
    world.step({ type: 'news' });
    world.step({ type: 'registered' });
    world.run(1000);
    expect(world.count('register')).toBe(3);
  });

  it('that has forgotten us is told again, and is of no use until then', () => {
    const world = new World();
    world.up();
    world.run(10_000);
    world.step({ type: 'heartbeat', registered: false });
    expect(world.count('register')).toBe(2);
    expect(world.machine.state).toBe('connecting');
    world.step({ type: 'accepted' });
    expect(world.machine.state).toBe('online');
  });

  it('that knows where we are and takes nothing else serves all the same, and hears at once of what is new', () => {
    const world = new World();
    world.step({ type: 'up', heartbeatMs: 10_000, registered: false });
    world.step({ type: 'accepted' });
    world.step({ type: 'refused', error: { code: 'server-refused' }, retryAfterMs: 30_000 });
    expect(world.machine).toMatchObject({ state: 'online', error: { code: 'server-refused' } });
    world.step({ type: 'news' });
    world.run(500);
    expect(world.count('register')).toBe(2);
    world.step({ type: 'accepted' });
    expect(world.machine.error).toEqual({ code: 'server-refused' });
    world.step({ type: 'registered' });
    expect(world.machine).toMatchObject({ state: 'online', error: null });
  });

  it('that refuses is asked again when it says, or after a minute', () => {
    const world = new World();
    world.step({ type: 'up', heartbeatMs: 10_000, registered: false });
    world.step({ type: 'refused', error: { code: 'rate-limited' }, retryAfterMs: 3000 });
    const answered = (what: Done): void => { if (what === 'heartbeat') world.step({ type: 'heartbeat', registered: true }); };
    world.run(2999, answered);
    expect([world.count('register'), world.machine.state, world.machine.error?.code]).toEqual([1, 'connecting', 'rate-limited']);
    world.run(1, answered);
    expect(world.count('register')).toBe(2);
    world.step({ type: 'refused', error: { code: 'server-refused' }, retryAfterMs: null });
    world.run(59_000, answered);
    expect(world.count('register')).toBe(2);
    world.run(1000, answered);
    expect(world.count('register')).toBe(3);
  });

  it('that stops is left, and asked again within the time it names', () => {
    const world = new World();
    world.up();
    world.step({ type: 'goodbye', withinMs: 10_000 });
    expect(world.done.at(-1)?.what).toBe('disconnect');
    world.run(1000);
    expect(world.done.at(-1)?.what).toBe('connect');
  });

  it('has moments that faces can be told, whatever chance says', () => {
    const world = new World();
    world.chance = 0.123456789;
    world.step({ type: 'down', error: { code: 'not-reachable' } });
    expect(world.machine.nextAt).toSatisfy(Number.isInteger);
    world.up();
    world.step({ type: 'goodbye', withinMs: 777 });
    expect(world.machine.nextAt).toSatisfy(Number.isInteger);
  });

  it('never asks for what is there already, whatever it does', () => {
    const events = fc.oneof(
      fc.constantFrom<ServerEvent>({ type: 'accepted' }, { type: 'registered' }, { type: 'news' }, { type: 'tick' }, { type: 'down', error: { code: 'link-closed' } }, { type: 'heartbeat', registered: true }, { type: 'heartbeat', registered: false }),
      fc.record({ type: fc.constant('up' as const), heartbeatMs: fc.constantFrom(-5, 0, 1, 10_000, 1e12), registered: fc.boolean() }),
      fc.record({ type: fc.constant('refused' as const), error: fc.constant({ code: 'server-refused' as const }), retryAfterMs: fc.constantFrom(null, 0, 5000) }),
      fc.record({ type: fc.constant('goodbye' as const), withinMs: fc.constantFrom(0, 1000, 1e12) }),
    );
    fc.assert(fc.property(fc.array(fc.tuple(events, fc.integer({ min: 0, max: 20_000 })), { maxLength: 40 }), (script) => {
      const world = new World();
      for (const [event, ms] of script) {
        world.step(event);
        world.run(ms);
        // A minute of virtual time never holds more than some dozens of deeds.
        expect(world.done.filter(({ at }) => at > world.now - 60_000).length).toBeLessThan(400);
        expect(world.machine.nextAt).not.toBeNaN();
      }
    }), { numRuns: 200 });
  });
});
