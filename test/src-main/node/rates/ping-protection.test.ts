import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PingProtection } from '#main/node/rates/ping-protection.ts';
import type { Link } from '#main/node/ports/links.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { minute, second } from '#shared/units.ts';

/** Links of a node, by what was measured of them, and the limits that the swarm was given. */
const seen = { path: 'lan' as PathKind, queueMs: 300, down: 5e6, up: 0 };
let probes: number;
let paces: (number | null)[];
let limits: Map<string, number | null>;
let protection: PingProtection;

beforeEach(() => {
  vi.useFakeTimers();
  probes = 0;
  paces = [];
  limits = new Map();
  Object.assign(seen, { path: 'lan', queueMs: 300, down: 5e6, up: 0 });
  const link: Partial<Link> = {
    get path() { return seen.path; },
    get queueMs() { return seen.queueMs; },
    get risingMs() { return seen.queueMs; },
    latencyMs: 10,
    get rates() { return { down: seen.down, up: seen.up }; },
    get moved() { return { down: seen.down * Date.now() / second, up: seen.up * Date.now() / second }; },
    pace: (bytesPerSecond) => { paces.push(bytesPerSecond); },
    probe: () => { probes++; },
  };
  protection = new PingProtection({ links: () => [link as Link], now: () => Date.now(), swarm: { setLimit: (direction, rate, of) => { limits.set(`${of} ${direction}`, rate); } } });
});
afterEach(() => {
  protection.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it('measures while something moves, and has that direction of that line yield', () => {
  protection.setBudget(20);
  vi.advanceTimersByTime(2 * second);
  expect(probes).toBe(20);
  expect(limits.get('near down')).toBeLessThan(5e6);
  expect(protection.cap('up')).toBeNull();
  expect(protection.cap('down')).toBe(limits.get('near down'));
  expect(protection.queueMs).toBe(300);
});

it('has blocks go out evenly while uploads yield', () => {
  Object.assign(seen, { path: 'internet', down: 0, up: 1e6 });
  protection.setBudget(20);
  vi.advanceTimersByTime(2 * second);
  const cap = protection.cap('up');
  expect(cap).toBeLessThan(1e6);
  expect(paces.at(-1)).toBeGreaterThan(cap ?? Infinity);
  protection.setBudget(null);
  expect(paces.at(-1)).toBeNull();
});

it('measures those links that move the most, when there are many', () => {
  const probed: number[] = [];
  const links = Array.from({ length: 20 }, (_, index): Partial<Link> => ({
    path: 'internet', queueMs: index < 16 ? 0 : 300, risingMs: index < 16 ? 0 : 300, latencyMs: 10, rates: { down: 0, up: (index + 1) * 1e5 }, pace: () => undefined, probe: () => { probed.push(index); },
    get moved() { return { down: 0, up: (index + 1) * 1e5 * Date.now() / second }; },
  }));
  const many = new PingProtection({ links: () => links as Link[], now: () => Date.now(), swarm: { setLimit: () => undefined } });
  many.setBudget(20);
  vi.advanceTimersByTime(3 * second);
  expect(new Set(probed)).toEqual(new Set([16, 17, 18, 19]));
  expect(many.cap('up')).toBeLessThan(21e6);
  many.close();
});

it('takes its limits off when it is switched off', () => {
  protection.setBudget(20);
  vi.advanceTimersByTime(2 * second);
  protection.setBudget(null);
  expect(limits.get('near down')).toBeNull();
  expect([protection.cap('down'), protection.queueMs]).toEqual([null, null]);
  vi.advanceTimersByTime(2 * second);
  expect(probes).toBe(20);
});

it('leaves alone what stays on this machine, and does not ping where nothing moves', () => {
  protection.setBudget(20);
  seen.path = 'loopback';
  vi.advanceTimersByTime(2 * second);
  seen.path = 'internet';
  seen.down = 0;
  vi.advanceTimersByTime(2 * second);
  expect([probes, protection.cap('up'), protection.cap('down')]).toEqual([0, null, null]);
});

it('holds what begins to what any line takes, before it has moved anything, and lets it get faster while no queue shows', () => {
  Object.assign(seen, { path: 'internet', queueMs: 0, down: 0, up: 0 });
  protection.setBudget(20);
  const start = limits.get('far down') ?? expect.fail('nothing holds it');
  expect(start).toBeLessThan(200_000);
  vi.advanceTimersByTime(1 * minute);
  expect([limits.get('far down'), paces.at(-1)]).toEqual([start, 1.2 * start]);
  seen.down = 1e8;
  vi.advanceTimersByTime(3 * second);
  expect(limits.get('far down')).toBeGreaterThan(8 * start);
  expect([limits.get('far up'), protection.cap('down')]).toEqual([start, null]);
});
