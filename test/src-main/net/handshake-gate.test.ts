import { expect, it } from 'vitest';
import { HandshakeGate } from '#main/net/handshake-gate.ts';
import { limits } from '#shared/limits.ts';

const enter = (gate: HandshakeGate, address: string, times: number) => Array.from({ length: times }, () => gate.enter(address));

it('lets a few in from one address, and gives places back once', () => {
  const gate = new HandshakeGate();
  const places = enter(gate, 'a', limits.link.handshakesPerAddress);
  expect(places).not.toContain(null);
  expect(gate.enter('a')).toBeNull();
  expect(gate.enter('b')).not.toBeNull();
  places[0]?.();
  places[0]?.();
  expect(gate.enter('a')).not.toBeNull();
  expect(gate.enter('a')).toBeNull();
});

it('lets a limited number in from all addresses together', () => {
  const gate = new HandshakeGate();
  const places = Array.from({ length: limits.link.handshakesAtOnce }, (_, at) => gate.enter(`10.0.0.${at}`));
  expect(places).not.toContain(null);
  expect(gate.enter('elsewhere')).toBeNull();
  for (const leave of places) leave?.();
  expect(gate.enter('elsewhere')).not.toBeNull();
});
