import { second, type Timestamp } from '#shared/units.ts';

/** FAT notes every other second; others that are coarse note each. */
export const longestTickMs = 2 * second;
/** A file rests this long after it was seen before it is read: longer than the tick of any file system's clock but those of whole seconds. */
export const restMs = 60;

/**
 * From when a file with this modification time, found `now`, counts as seen. Where times are whole seconds a file may be written
 * again within the tick of its time, and its version does not show that: it counts as seen when that tick is over.
 */
export function seenAt(modifiedAt: Timestamp, now: Timestamp): Timestamp {
  const isRecent = modifiedAt > now - longestTickMs && modifiedAt <= now + longestTickMs;
  return isRecent && modifiedAt % second === 0 ? Math.max(now, modifiedAt + longestTickMs) : now;
}

/** When every write to a file with this modification time, found `now`, gives it another time; `now` if that is so already. */
export function settledAt(modifiedAt: Timestamp, now: Timestamp): Timestamp {
  const seen = seenAt(modifiedAt, now);
  if (seen > now) return seen + restMs;
  return modifiedAt > now ? now : Math.max(now, modifiedAt + restMs);
}
