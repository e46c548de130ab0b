import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DevicePair } from '#main/core/link/collision.ts';
import { deviceIdOf } from '#shared/ids.ts';

type Side = 'a' | 'b';
const other = (side: Side): Side => (side === 'a' ? 'b' : 'a');
const ids = { a: deviceIdOf(new Uint8Array(32)), b: deviceIdOf(new Uint8Array(32).fill(255)) };

type Message = { readonly kind: 'hello' | 'answer'; readonly sequence: number } | { readonly kind: 'refuse' } | { readonly kind: 'close' };

/** One TCP connection: what is on its way to each end, in order. An end that has closed hears nothing more. */
interface Wire {
  readonly number: number;
  readonly dialler: Side;
  readonly to: Record<Side, Message[]>;
  readonly closed: Record<Side, boolean>;
  secured: boolean;
}

/** Two devices that know of each other only what the wires deliver. */
class Pair {
  readonly wires: Wire[] = [];
  readonly pairs = { a: new DevicePair<Wire>(ids.a, ids.b), b: new DevicePair<Wire>(ids.b, ids.a) };
  readonly link: Record<Side, Wire | null> = { a: null, b: null };
  readonly #sequence: Record<Side, number> = { a: 0, b: 0 };
  /** Links that were up at both ends at once and then closed by an end, without a failure. */
  churned = 0;

  dial(side: Side): void {
    const wire: Wire = { number: this.wires.length, dialler: side, to: { a: [], b: [] }, closed: { a: false, b: false }, secured: false };
    this.wires.push(wire);
  }

  /** The TLS handshake of a dial is done: now the dialler may speak. */
  secure(wire: Wire): void {
    if (wire.closed[wire.dialler] || wire.secured) return;
    wire.secured = true;
    if (this.pairs[wire.dialler].greet(wire)) wire.to[other(wire.dialler)].push({ kind: 'hello', sequence: ++this.#sequence[wire.dialler] });
    else this.#close(wire.dialler, wire);
  }

  deliver(wire: Wire, side: Side): void {
    const message = wire.to[side].shift();
    if (message === undefined || wire.closed[side]) return;
    const pair = this.pairs[side];
    switch (message.kind) {
      case 'hello': {
        const closes = pair.admit(wire, { instance: other(side), sequence: message.sequence });
        if (closes === null) {
          wire.to[other(side)].push({ kind: 'refuse' });
          this.#close(side, wire);
          return;
        }
        for (const closed of closes) this.#close(side, closed);
        wire.to[other(side)].push({ kind: 'answer', sequence: ++this.#sequence[side] });
        this.link[side] = wire;
        break;
      }
      case 'answer':
        if (pair.answered(wire, { instance: other(side), sequence: message.sequence })) this.link[side] = wire;
        else this.#close(side, wire);
        break;
      case 'refuse':
      case 'close':
        this.#close(side, wire);
    }
  }

  /** The connection fails at one end; the other hears of it like of a close. */
  fail(wire: Wire, side: Side): void {
    this.#close(side, wire, true);
  }

  #close(side: Side, wire: Wire, failure = false): void {
    if (wire.closed[side]) return;
    wire.closed[side] = true;
    if (!failure && this.link.a === wire && this.link.b === wire) this.churned++;
    if (this.link[side] === wire) this.link[side] = null;
    this.pairs[side].gone(wire);
    wire.to[other(side)].push({ kind: 'close' });
  }

  settle(order: (choices: number) => number): void {
    for (;;) {
      const pending = this.wires.flatMap((wire) => (['a', 'b'] as const).filter((side) => wire.to[side].length > 0).map((side) => ({ wire, side })));
      const next = pending[order(pending.length)];
      if (next === undefined) return;
      this.deliver(next.wire, next.side);
    }
  }
}

type Action = { readonly do: 'dial'; readonly side: Side } | { readonly do: 'secure' | 'deliver-a' | 'deliver-b' | 'fail-a' | 'fail-b'; readonly wire: number };
const side = fc.constantFrom<Side>('a', 'b');
const dial = side.map((from): Action => ({ do: 'dial', side: from }));
const step = fc.record({ do: fc.constantFrom('secure' as const, 'deliver-a' as const, 'deliver-b' as const), wire: fc.nat(5) });
const failure = fc.record({ do: fc.constantFrom('fail-a' as const, 'fail-b' as const), wire: fc.nat(5) });

function run(actions: readonly Action[], order: readonly number[]): Pair {
  const pair = new Pair();
  for (const action of actions) {
    if (action.do === 'dial') {
      pair.dial(action.side);
      continue;
    }
    const wire = pair.wires[action.wire];
    if (wire === undefined) continue;
    if (action.do === 'secure') pair.secure(wire);
    else if (action.do === 'deliver-a' || action.do === 'deliver-b') pair.deliver(wire, action.do === 'deliver-a' ? 'a' : 'b');
    else pair.fail(wire, action.do === 'fail-a' ? 'a' : 'b');
  }
  for (const wire of pair.wires) pair.secure(wire);
  let turn = 0;
  pair.settle((choices) => (order[turn++ % Math.max(1, order.length)] ?? 0) % Math.max(1, choices));
  return pair;
}

describe('two devices that dial each other', () => {
  it('keep the same one connection, whatever the order of events', () => {
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 1, arbitrary: dial }, { weight: 3, arbitrary: step }), { maxLength: 40 }), fc.array(fc.nat(7)), (actions, order) => {
      const pair = run(actions, order);
      expect(pair.link.a).toBe(pair.link.b);
      expect(pair.link.a !== null).toBe(pair.wires.length > 0);
      expect(pair.churned).toBe(0);
      expect(pair.wires.filter((wire) => !wire.closed.a || !wire.closed.b)).toHaveLength(pair.wires.length > 0 ? 1 : 0);
    }), { numRuns: 3000 });
  });

  it('agree again after failures, and the next dial links them', () => {
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 2, arbitrary: dial }, { weight: 6, arbitrary: step }, { weight: 1, arbitrary: failure }), { maxLength: 60 }), fc.array(fc.nat(7)), side, (actions, order, from) => {
      const pair = run(actions, order);
      expect(pair.link.a).toBe(pair.link.b);
      if (pair.link.a !== null) return;
      pair.dial(from);
      const last = pair.wires.at(-1);
      if (last) pair.secure(last);
      pair.settle(() => 0);
      expect(pair.link.a).toBe(last);
      expect(pair.link.b).toBe(last);
    }), { numRuns: 3000 });
  });

  it('link again at once when one of them was started anew', () => {
    const pair = new DevicePair<string>(ids.a, ids.b);
    pair.greet('first');
    pair.answered('first', { instance: 'one', sequence: 9 });
    expect(pair.admit('stale', { instance: 'one', sequence: 8 })).toBeNull();
    expect(pair.admit('restarted', { instance: 'two', sequence: 1 })).toEqual(['first']);
  });

  it('link again at once when one of them gave a link up that still looks alive here', () => {
    const pair = new DevicePair<string>(ids.a, ids.b);
    pair.greet('first');
    pair.answered('first', { instance: 'one', sequence: 1 });
    expect(pair.admit('again', { instance: 'one', sequence: 2 })).toEqual(['first']);
  });
});
