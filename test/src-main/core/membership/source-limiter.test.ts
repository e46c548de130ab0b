import { expect, it } from 'vitest';
import { SourceLimiter } from '#main/core/membership/source-limiter.ts';

it('lets each address do so much a minute', () => {
  const limiter = new SourceLimiter(6, 10);
  const taken = (now: number, host: string): number => Array.from({ length: 20 }, () => limiter.take(now, host)).filter(Boolean).length;
  expect(taken(0, 'a')).toBe(6);
  expect(taken(0, 'b')).toBe(6);
  expect(taken(10_000, 'a')).toBe(1);
  expect(taken(1e9, 'a')).toBe(6);
});

it('forgets the address that was quiet longest', () => {
  const limiter = new SourceLimiter(1, 2);
  expect(limiter.take(0, 'a')).toBe(true);
  expect(limiter.take(0, 'b')).toBe(true);
  expect(limiter.take(0, 'a')).toBe(false);
  expect(limiter.take(0, 'c')).toBe(true);
  expect(limiter.size).toBe(2);
  expect(limiter.take(0, 'a')).toBe(false);
  expect(limiter.take(0, 'b')).toBe(true);
});
