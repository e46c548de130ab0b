import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as z from 'zod';

/**
 * How much the old generation may grow over what was alive at its last collection before it is collected again. V8 would
 * let it grow four times, because it counts on a machine with nothing else to do.
 */
const growingPercent = 60;

const collectSchema = z.custom<() => void>((value) => typeof value === 'function');

/**
 * Keeps the heap of this process near what is alive in it. To be called when everything has started: until the first full
 * collection V8 takes half of the largest heap it may have for a good size, so one is made now.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  // For threads that start from now on: what they work on lies in shared memory, and the nursery of each would be memory that is never given back.
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--expose-gc');
  // Only contexts made after the flag was set have it; nothing else does.
  const collect = collectSchema.safeParse(runInNewContext('globalThis.gc'));
  if (collect.success) collect.data();
}
