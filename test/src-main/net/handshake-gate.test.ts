import { expect, it } from 'vitest';
import { HandshakeGate } from '#main/net/handshake-gate.ts';
import { limits } from '#shared/limits.ts';

/** Nobody is to be sent away. */
const stays = (): void => { throw new Error('sent away'); };
const enter = (gate: HandshakeGate, address: string, times: number) => Array.from({ length: times }, () => gate.enter(address, stays));

it('lets a few in from one address, and gives places back once', () => {
  const gate = new HandshakeGate();
  const places = enter(gate, 'a', limits.link.handshakesPerAddress);
  expect(places).not.toContain(null);
  expect(gate.enter('a', stays)).toBeNull();
  expect(gate.enter('b', stays)).not.toBeNull();
  places[0]?.();
  places[0]?.();
  expect(gate.enter('a', stays)).not.toBeNull();
  expect(gate.enter('a', stays)).toBeNull();
});

it('lets a limited number in from all addresses together: whoever holds most places gives its oldest to the next one', () => {
  const gate = new HandshakeGate(6, 3);
  const gone: string[] = [];
  const place = (address: string, name: string): (() => void) | null => gate.enter(address, () => gone.push(name));
  const known = place('a', 'a1');
  for (const name of ['b1', 'b2', 'b3', 'c1', 'c2']) place(name[0] ?? '', name);
  expect(place('d', 'd1')).not.toBeNull();
  expect(gone).toEqual(['b1']);
  // Where all have as many, the oldest goes.
  expect(place('e', 'e1')).not.toBeNull();
  expect(place('f', 'f1')).not.toBeNull();
  expect(gone).toEqual(['b1', 'b2', 'c1']);
  expect(place('g', 'g1')).not.toBeNull();
  expect(gone).toEqual(['b1', 'b2', 'c1', 'a1']);
  // It gave its place up already.
  known?.();
  expect(place('h', 'h1')).not.toBeNull();
  expect(gone).toEqual(['b1', 'b2', 'c1', 'a1', 'b3']);
});
