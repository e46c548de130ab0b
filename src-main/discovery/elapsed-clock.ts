import { uptime } from 'node:os';
import { second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';

/** The machine's time since its start is this far ahead: it slept. */
const sleptMs = 2 * second;
/** To ask the system costs more than to ask the processor. */
const askedEveryMs = 1 * second;

/**
 * Milliseconds since some moment, for everything that waits or measures: whoever sets the clock on the wall neither shortens a wait
 * nor makes one endless. The time that the machine slept counts, a second late: whoever was there before it may be gone since.
 * `awake` need not go on meanwhile, `machine` does; it may be coarse.
 */
export function createElapsedClock(awake: () => Millis = () => performance.now(), machine: () => Millis = () => uptime() * second): () => Millis {
  let ahead = machine() - awake();
  let askedAt = awake();
  let asleep = 0;
  return () => {
    const at = awake();
    if (at - askedAt >= askedEveryMs) {
      askedAt = at;
      const slept = machine() - at - ahead;
      if (slept > sleptMs) {
        asleep += slept;
        ahead += slept;
      }
    }
    return Math.floor(at + asleep);
  };
}
