import { expect, it } from 'vitest';
import { Allowances } from '#main/core/rate/allowances.ts';

it('gives each its own burst, and then so many a second', () => {
  const allowances = new Allowances(2, 5, 100);
  for (let times = 0; times < 5; times++) expect(allowances.take(0, 'a', 1)).toBe(0);
  expect(allowances.take(0, 'a', 1)).toBe(500);
  expect(allowances.take(0, 'b', 5)).toBe(0);
  expect(allowances.take(500, 'a', 1)).toBe(0);
});

it('lets debts grow to one burst only', () => {
  const allowances = new Allowances(1, 10, 100);
  for (let times = 0; times < 1000; times++) allowances.charge(0, 'a', 10);
  expect(allowances.take(0, 'a', 1)).toBe(11_000);
});

it('remembers so many, and forgets who was quiet longest', () => {
  const allowances = new Allowances(1, 2, 3);
  allowances.take(0, 'a', 2);
  for (const key of ['b', 'a', 'c', 'd']) allowances.take(0, key, 1);
  expect(allowances.size).toBe(3);
  expect(allowances.take(0, 'a', 1)).toBeGreaterThan(0);
});
