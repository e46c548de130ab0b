import { second } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';

/** A wall clock that is this far ahead was set, or the machine slept. */
const jumpMs = 2 * second;

/**
 * Wall-clock time that never goes back, so that waits measured with it never become endless when somebody sets the clock.
 * It follows jumps forward (the machine slept) and ignores jumps back.
 */
export function createSteadyClock(wall: () => Timestamp = Date.now, steady: () => number = () => performance.now()): () => Timestamp {
  let offset = wall() - steady();
  return () => {
    const expected = steady() + offset;
    const now = wall();
    if (now - expected > jumpMs) offset += now - expected;
    return Math.floor(steady() + offset);
  };
}
