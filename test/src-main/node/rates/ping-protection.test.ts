import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PingProtection } from '#main/node/rates/ping-protection.ts';
import type { Link } from '#main/node/ports/links.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { second } from '#shared/units.ts';

/** Links of a node, by what was measured of them, and the limits that the swarm was given. */
const seen = { path: 'lan' as PathKind, queueMs: 300, down: 5e6, up: 0 };
let probes: number;
let limits: Map<string, number | null>;
let protection: PingProtection;

beforeEach(() => {
  vi.useFakeTimers();
  probes = 0;
  limits = new Map();
  Object.assign(seen, { path: 'lan', queueMs: 300, down: 5e6, up: 0 });
  const link: Partial<Link> = {
    get path() { return seen.path; },
    get queueMs() { return seen.queueMs; },
    get rates() { return { down: seen.down, up: seen.up }; },
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
  expect(probes).toBe(8);
  expect([...limits.keys()]).toEqual(['near down']);
  expect(limits.get('near down')).toBeLessThan(5e6);
  expect(protection.cap('down')).toBe(limits.get('near down'));
  expect(protection.queueMs).toBe(300);
});

it('takes its limits off when it is switched off', () => {
  protection.setBudget(20);
  vi.advanceTimersByTime(2 * second);
  protection.setBudget(null);
  expect(limits.get('near down')).toBeNull();
  expect([protection.cap('down'), protection.queueMs]).toEqual([null, null]);
  vi.advanceTimersByTime(2 * second);
  expect(probes).toBe(8);
});

it('leaves alone what stays on this machine, and does not ping where nothing moves', () => {
  protection.setBudget(20);
  seen.path = 'loopback';
  vi.advanceTimersByTime(2 * second);
  seen.path = 'internet';
  seen.down = 0;
  vi.advanceTimersByTime(2 * second);
  expect([probes, limits.size]).toEqual([0, 0]);
});
