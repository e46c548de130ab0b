import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventWheel, type TimerHandle } from '#main/lab/engine/event-wheel.ts';

interface Pending { at: number; order: number; id: number; handle: TimerHandle }

/** The same queue without any idea: a list that is searched. */
class NaiveQueue {
  readonly pending: Pending[] = [];
  #order = 0;

  add(at: number, id: number, handle: TimerHandle): void {
    this.pending.push({ at, id, handle, order: this.#order++ });
  }

  next(limit: number): Pending | undefined {
    const first = this.pending.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
    if (first === undefined || first.at > limit) return undefined;
    this.pending.splice(this.pending.indexOf(first), 1);
    return first;
  }
}

/** Distances of every size the wheel has a level for, and many equal ones. */
const distance = fc.oneof(
  fc.nat(3), fc.nat(3000), fc.nat(2 ** 23), fc.maxSafeNat().map((far) => far % 2 ** 34), fc.maxSafeNat().map((far) => far % 2 ** 50), fc.constantFrom(2047, 2048, 2 ** 22, 2 ** 33, 2 ** 44),
);
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('add' as const), distance }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('next' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('until' as const), distance }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cancel' as const), which: fc.nat() }) },
);

describe('the event wheel', () => {
  it('gives the events in the order of time, then of arrival, as a sorted list does', () => {
    fc.assert(fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
      const wheel = new EventWheel(2);
      const naive = new NaiveQueue();
      const handles: TimerHandle[] = [];
      const take = (limit: number): boolean => {
        const expected = naive.next(limit);
        const came = wheel.next(limit);
        expect(came ? { at: wheel.now, id: wheel.first, kind: wheel.kind, second: wheel.second } : undefined)
          .toEqual(expected && { at: expected.at, id: expected.id, kind: expected.id % 100, second: 7 - expected.id });
        return came;
      };
      for (const step of actions) {
        if (step.type === 'add') {
          const id = handles.length;
          const at = wheel.now + step.distance;
          if (at > Number.MAX_SAFE_INTEGER) continue;
          const handle = wheel.schedule(at, id % 100, id, 7 - id);
          naive.add(at, id, handle);
          handles.push(handle);
        } else if (step.type === 'next') take(Infinity);
        else if (step.type === 'until') {
          const limit = Math.min(wheel.now + step.distance, Number.MAX_SAFE_INTEGER);
          while (take(limit));
          expect(wheel.now).toBe(limit);
        } else if (handles.length > 0) {
          const handle = handles[step.which % handles.length] ?? 0;
          const at = naive.pending.findIndex((event) => event.handle === handle);
          if (at >= 0) naive.pending.splice(at, 1);
          expect(wheel.cancel(handle)).toBe(at >= 0);
        }
        expect(wheel.pending).toBe(naive.pending.length);
      }
      while (take(Infinity));
    }), { numRuns: 300 });
  });

  it('refuses what lies in the past or beyond counting', () => {
    const wheel = new EventWheel();
    wheel.schedule(10, 0, 0, 0);
    wheel.next();
    for (const at of [9, NaN, Infinity, 2 ** 53]) expect(() => wheel.schedule(at, 0, 0, 0)).toThrow('future');
  });
});
