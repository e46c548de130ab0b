import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DevicePair } from '#main/core/link/collision.ts';
import { isBetter, rankOfPath, type PathRank } from '#main/core/link/path-rank.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { pathKindSchema, type PathKind } from '#shared/model/peer.ts';

type Side = 'a' | 'b';
const other = (side: Side): Side => (side === 'a' ? 'b' : 'a');
const ids = { a: deviceIdOf(new Uint8Array(32)), b: deviceIdOf(new Uint8Array(32).fill(255)) };

/** `instead`: the link that whoever dialled gives up for this connection. */
type Message = { readonly kind: 'hello' | 'answer'; readonly sequence: number; readonly instead: Wire | null } | { readonly kind: 'refuse' } | { readonly kind: 'close' };

/** One TCP connection: what is on its way to each end, in order. An end that has closed hears nothing more. */
interface Wire {
  readonly number: number;
  readonly dialler: Side;
  /** How each end sees it. */
  readonly path: Record<Side, PathKind>;
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
  /** Links that were up at both ends at once and then closed by an end, without a failure, though nothing better took their place. */
  churned = 0;
  /** Links that were up at both ends and gave way to a better one. */
  bettered = 0;

  dial(side: Side, path: Wire['path'] = { a: 'lan', b: 'lan' }): void {
    const wire: Wire = { number: this.wires.length, dialler: side, path, to: { a: [], b: [] }, closed: { a: false, b: false }, secured: false };
    this.wires.push(wire);
  }

  /** The TLS handshake of a dial is done: now the dialler may speak. */
  secure(wire: Wire): void {
    if (wire.closed[wire.dialler] || wire.secured) return;
    wire.secured = true;
    const { dialler } = wire;
    if (this.pairs[dialler].greet(wire, rankOfPath(wire.path[dialler], undefined))) wire.to[other(dialler)].push({ kind: 'hello', sequence: ++this.#sequence[dialler], instead: this.link[dialler] });
    else this.#close(wire.dialler, wire);
  }

  deliver(wire: Wire, side: Side): void {
    const message = wire.to[side].shift();
    if (message === undefined || wire.closed[side]) return;
    const pair = this.pairs[side];
    switch (message.kind) {
      case 'hello': {
        const isInstead = message.instead !== null && message.instead === this.link[side];
        const closes = pair.admit(wire, { instance: other(side), sequence: message.sequence }, { rank: rankOf(wire, side), isInstead });
        if (closes === null) {
          wire.to[other(side)].push({ kind: 'refuse' });
          this.#close(side, wire);
          return;
        }
        this.#replace(side, closes, wire);
        wire.to[other(side)].push({ kind: 'answer', sequence: ++this.#sequence[side], instead: null });
        this.link[side] = wire;
        break;
      }
      case 'answer':
        this.#answered(wire, side, message.sequence);
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

  #answered(wire: Wire, side: Side, sequence: number): void {
    const closes = this.pairs[side].answered(wire, { instance: other(side), sequence }, rankOf(wire, side));
    if (closes === null) return this.#close(side, wire);
    this.#replace(side, closes, wire);
    this.link[side] = wire;
  }

  #replace(side: Side, closes: readonly Wire[], by: Wire): void {
    for (const wire of closes) {
      const isBettered = isBetter(rankOf(by, side), rankOf(wire, side));
      if (isBettered && this.link.a === wire && this.link.b === wire) this.bettered++;
      this.#close(side, wire, isBettered);
    }
  }

  /** `isFair`: it failed, or something better takes its place. */
  #close(side: Side, wire: Wire, isFair = false): void {
    if (wire.closed[side]) return;
    wire.closed[side] = true;
    if (!isFair && this.link.a === wire && this.link.b === wire) this.churned++;
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

const rankOf = ({ path }: Wire, side: Side): PathRank => rankOfPath(path[side], path[other(side)]);

type Action = { readonly do: 'dial'; readonly side: Side; readonly path: Wire['path'] } | { readonly do: 'secure' | 'deliver-a' | 'deliver-b' | 'fail-a' | 'fail-b'; readonly wire: number };
const side = fc.constantFrom<Side>('a', 'b');
const dial = side.map((from): Action => ({ do: 'dial', side: from, path: { a: 'lan', b: 'lan' } }));
const kind = fc.constantFrom(...pathKindSchema.options);
/** Each end sees a path of its own. */
const anyDial = fc.record({ do: fc.constant('dial' as const), side, path: fc.record({ a: kind, b: kind }) });
const step = fc.record({ do: fc.constantFrom('secure' as const, 'deliver-a' as const, 'deliver-b' as const), wire: fc.nat(5) });
const failure = fc.record({ do: fc.constantFrom('fail-a' as const, 'fail-b' as const), wire: fc.nat(5) });

function run(actions: readonly Action[], order: readonly number[]): Pair {
  const pair = new Pair();
  for (const action of actions) {
    if (action.do === 'dial') {
      pair.dial(action.side, action.path);
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

  it('keep the best of all ways, agree on it, and never go back and forth, whatever each of them thinks of a way', () => {
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 1, arbitrary: anyDial }, { weight: 3, arbitrary: step }), { maxLength: 40 }), fc.array(fc.nat(7)), (actions, order) => {
      const pair = run(actions, order);
      expect(pair.link.a).toBe(pair.link.b);
      expect(pair.churned).toBe(0);
      const ways = [...pair.wires];
      const best = ways.map((wire) => rankOf(wire, 'a')).reduce((one, next) => (isBetter(next, one) ? next : one), 'carried');
      // Every way is tried again from both ends, one after the other.
      for (let round = 0; round < 3; round++) {
        for (const way of ways) {
          for (const from of ['a', 'b'] as const) {
            pair.dial(from, way.path);
            const last = pair.wires.at(-1);
            if (last) pair.secure(last);
            pair.settle(() => 0);
            expect(pair.link.a).toBe(pair.link.b);
          }
        }
        if (pair.link.a !== null) expect(rankOf(pair.link.a, 'a')).toBe(best);
      }
      expect(pair.churned).toBe(0);
      expect(pair.bettered).toBeLessThanOrEqual(2);
    }), { numRuns: 1000 });
  });

  it('link again at once when one of them was started anew', () => {
    const pair = new DevicePair<string>(ids.a, ids.b);
    pair.greet('first', 'near');
    pair.answered('first', { instance: 'one', sequence: 9 }, 'near');
    expect(pair.admit('stale', { instance: 'one', sequence: 8 }, { rank: 'near', isInstead: false })).toBeNull();
    expect(pair.admit('restarted', { instance: 'two', sequence: 1 }, { rank: 'near', isInstead: false })).toEqual(['first']);
  });

  it('link again at once, be it by a worse way, when one of them gave a link up that still looks alive here', () => {
    const pair = new DevicePair<string>(ids.a, ids.b);
    pair.greet('first', 'near');
    pair.answered('first', { instance: 'one', sequence: 1 }, 'near');
    expect(pair.admit('again', { instance: 'one', sequence: 2 }, { rank: 'far', isInstead: false })).toEqual(['first']);
  });

  it('stay with their link when only one of them calls a connection better', () => {
    const pair = new DevicePair<string>(ids.a, ids.b);
    pair.greet('first', 'far');
    pair.answered('first', { instance: 'one', sequence: 1 }, 'far');
    expect(pair.mayGreet('near')).toBe(true);
    expect(pair.admit('no better', { instance: 'one', sequence: 2 }, { rank: 'far', isInstead: true })).toBeNull();
    expect(pair.admit('better', { instance: 'one', sequence: 3 }, { rank: 'near', isInstead: true })).toEqual(['first']);
    expect(pair.mayGreet('near')).toBe(false);
  });
});
