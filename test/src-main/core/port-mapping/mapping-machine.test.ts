import { beforeEach, describe, expect, it } from 'vitest';
import { MappingMachine, type Lease, type MappingEvent, type Refusal } from '#main/core/port-mapping/mapping-machine.ts';
import { hour, minute } from '#shared/units.ts';

interface NamedLease extends Lease {
  readonly name: string;
}
const lease = (name: string, lifetimeMs = hour, isCheap = false): NamedLease => ({ name, lifetimeMs, isCheap });
const refusal: Refusal = { kind: 'none', router: '192.168.1.1', reason: '' };

let machine: MappingMachine<NamedLease>;
let now: number;
let done: string[];
beforeEach(() => {
  machine = new MappingMachine();
  now = 1000;
  done = [];
});

function step(event: MappingEvent<NamedLease>): string[] {
  done = [];
  machine.step(now, event, {
    ask: (attempt, before) => { done.push(`ask ${attempt}${before === null ? '' : ` for ${before.name}`}`); },
    release: ({ name }) => { done.push(`release ${name}`); },
    changed: () => undefined,
  });
  return done;
}

/** Lets time pass to the next thing that is due; says what was done then, and after how many minutes. */
function next(): [number, string[]] {
  const before = now;
  now = machine.nextWake ?? expect.fail('nothing is due');
  return [(now - before) / minute, step({ type: 'tick' })];
}

const granted = (attempt: number, name: string, lifetimeMs?: number) => step({ type: 'granted', attempt, lease: lease(name, lifetimeMs) });
const begin = (): void => {
  step({ type: 'wanted', wanted: true });
  step({ type: 'routers', key: 'home' });
};

describe('asking a router for a port', () => {
  it('begins when somebody wants it and a router is there, in either order', () => {
    expect(step({ type: 'wanted', wanted: true })).toEqual([]);
    expect(step({ type: 'routers', key: 'home' })).toEqual(['ask 3']);
    expect(step({ type: 'tick' })).toEqual([]);
    machine = new MappingMachine();
    expect(step({ type: 'routers', key: 'home' })).toEqual([]);
    expect(step({ type: 'wanted', wanted: true })).toEqual(['ask 3']);
  });

  it('is renewed at half of the lease, with what it has, and counts until it is over', () => {
    begin();
    granted(3, 'a');
    expect(machine.state).toMatchObject({ kind: 'mapped', until: now + hour });
    expect(next()).toEqual([30, ['ask 4 for a']]);
    expect(machine.state.kind).toBe('mapped');
    granted(4, 'b');
    expect(next()).toEqual([30, ['ask 5 for b']]);
    // The router is away: tried every minute, and given up when the lease is over.
    let minutes = 0;
    for (let attempt = 5; machine.state.kind === 'mapped'; attempt++) {
      step({ type: 'refused', attempt, refusal });
      if (machine.state.kind === 'mapped') minutes += next()[0];
    }
    expect(minutes).toBe(29);
    expect(machine.state).toMatchObject({ kind: 'waiting', nextAt: now + 5 * minute });
  });

  it('is renewed every two minutes where that costs nothing, so that a router which was started anew has it again', () => {
    begin();
    step({ type: 'granted', attempt: 3, lease: lease('a', hour, true) });
    expect(next()).toEqual([2, ['ask 4 for a']]);
    // It is being started.
    step({ type: 'refused', attempt: 4, refusal });
    expect(machine.state).toMatchObject({ kind: 'mapped', lease: { name: 'a' } });
    expect(next()).toEqual([1, ['ask 5 for a']]);
    step({ type: 'granted', attempt: 5, lease: lease('at another address', hour, true) });
    expect(machine.state).toMatchObject({ kind: 'mapped', lease: { name: 'at another address' }, until: now + hour });
    expect(done).toEqual([]);
    step({ type: 'tick' });
    expect(next()).toEqual([2, ['ask 6 for at another address']]);
    step({ type: 'granted', attempt: 6, lease: lease('short', 90_000, true) });
    expect(next()[0]).toBe(1);
  });

  it('is neither renewed all the time nor never, whatever a router says', () => {
    begin();
    granted(3, 'short', 1);
    expect(next()[0]).toBe(1);
    granted(4, 'long', 1e15);
    expect(next()[0]).toBe(60);
  });

  it('asks who refuses again ever more seldom, and at once when somebody wants to know', () => {
    begin();
    const waits: number[] = [];
    for (let attempt = 3; attempt < 9; attempt++) {
      step({ type: 'refused', attempt, refusal });
      waits.push(next()[0]);
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
    step({ type: 'refused', attempt: 9, refusal });
    expect(step({ type: 'retry' })).toEqual(['ask 10']);
    granted(10, 'a');
    expect(step({ type: 'retry' })).toEqual([]);
  });

  it('gives back what nobody wants any more, or what another network had, and asks there', () => {
    begin();
    granted(3, 'a');
    expect(step({ type: 'routers', key: 'home' })).toEqual([]);
    expect(step({ type: 'routers', key: 'café' })).toEqual(['release a', 'ask 5']);
    granted(5, 'b');
    expect(step({ type: 'routers', key: null })).toEqual(['release b']);
    expect([machine.state.kind, machine.nextWake]).toEqual(['idle', null]);
    step({ type: 'routers', key: 'home' });
    granted(8, 'c');
    expect(step({ type: 'wanted', wanted: false })).toEqual(['release c']);
    expect(machine.nextWake).toBeNull();
  });

  it('gives back what an outdated question brings', () => {
    begin();
    step({ type: 'routers', key: 'café' });
    expect(granted(3, 'late')).toEqual(['release late']);
    expect(step({ type: 'refused', attempt: 3, refusal })).toEqual([]);
    expect(machine.state.kind).toBe('asking');
    expect(granted(5, 'now')).toEqual([]);
    expect(granted(5, 'twice')).toEqual(['release twice']);
    step({ type: 'wanted', wanted: false });
    expect(granted(5, 'later still')).toEqual(['release later still']);
    expect(machine.state.kind).toBe('idle');
  });
});
