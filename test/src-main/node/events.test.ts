import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NodeEvents, Throttle } from '#main/node/events.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

it('lets the first state through at once and the latest of the others later', () => {
  const told: string[] = [];
  const throttle = new Throttle<string, string>(100, (value) => told.push(value));
  for (const value of ['one', 'two', 'three']) throttle.push('a', value);
  expect(told).toEqual(['one']);
  vi.advanceTimersByTime(100);
  expect(told).toEqual(['one', 'three']);
  throttle.close();
});

it('makes one of what it holds, where it is told how', () => {
  const told: string[] = [];
  const throttle = new Throttle<string, string>(100, (value) => told.push(value), (held, next) => `${held}+${next}`);
  for (const value of ['one', 'two', 'three']) throttle.push('a', value);
  vi.advanceTimersByTime(100);
  throttle.push('a', 'four');
  vi.advanceTimersByTime(100);
  expect(told).toEqual(['one', 'two+three', 'four']);
  throttle.close();
});

it('says nothing more of what is gone', () => {
  const told: string[] = [];
  const throttle = new Throttle<string, string>(100, (value) => told.push(value));
  for (const value of ['here', 'leaving']) throttle.push('a', value);
  throttle.drop('a');
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(['here']);
  throttle.push('a', 'back');
  expect(told).toEqual(['here', 'back']);
  throttle.close();
});

it('knows whether anybody listens', () => {
  const events = new NodeEvents(() => undefined);
  const heard = [events.isHeard];
  const stop = [events.subscribe(() => undefined), events.subscribe(() => undefined)];
  for (const each of stop) {
    heard.push(events.isHeard);
    each();
  }
  heard.push(events.isHeard);
  expect(heard).toEqual([false, true, true, false]);
});
