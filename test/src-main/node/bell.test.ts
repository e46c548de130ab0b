import { describe, expect, it } from 'vitest';
import { Bell } from '#main/node/bell.ts';

const never = new AbortController().signal;
const isOver = (waiting: Promise<void>): Promise<boolean> => Promise.race([waiting.then(() => true), new Promise<boolean>((resolve) => { setImmediate(() => { resolve(false); }); })]);

describe('a bell', () => {
  it('wakes all who wait, once', async () => {
    const bell = new Bell();
    const waiting = [bell.after(bell.rings, never), bell.after(bell.rings, never)];
    expect(await isOver(Promise.race(waiting))).toBe(false);
    bell.ring();
    expect(await isOver(Promise.all(waiting).then(() => undefined))).toBe(true);
    expect(await isOver(bell.after(bell.rings, never))).toBe(false);
  });

  it('is heard by who looked before it rang and waits only afterwards', async () => {
    const bell = new Bell();
    const seen = bell.rings;
    bell.ring();
    expect(await isOver(bell.after(seen, never))).toBe(true);
  });

  it('lets go of who is called off', async () => {
    const abort = new AbortController();
    const bell = new Bell();
    const waiting = bell.after(bell.rings, abort.signal);
    abort.abort();
    expect(await isOver(waiting)).toBe(true);
    expect(await isOver(bell.after(bell.rings, abort.signal))).toBe(true);
  });
});
