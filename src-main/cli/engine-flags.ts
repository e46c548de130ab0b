import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as z from 'zod';
import { aroundThreadStarts } from '../node/spawn-worker.ts';

/**
 * How V8 runs a node, each with what it has by itself. A V8 that does not know one says so and goes on.
 *
 * - The old generation may grow by so many percent over what was alive at its last collection before it is collected
 *   again. V8 would let it grow four times, because it counts on a machine with nothing else to do.
 * - The optimizing compiler takes functions one by one, without those that they call. A node does many different things
 *   for a few seconds each: what larger functions take to compile, they do not give back.
 */
const flags = [
  { own: '--heap-growing-percent=60', default: '--heap-growing-percent=0' },
  { own: '--no-turbo-inlining', default: '--turbo-inlining' },
] as const;

const set = (which: 'own' | 'default'): void => { for (const flag of flags) setFlagsFromString(flag[which]); };
const collectSchema = z.custom<() => void>((value) => typeof value === 'function');

/**
 * Keeps the heap of this process near what is alive in it, and its compiler from work that does not pay. To be called when
 * everything has started: until the first full collection V8 takes half of the largest heap it may have for a good size,
 * so one is made now.
 *
 * Node's own modules come compiled, but V8 takes that only while its flags are as they were when they were compiled: a
 * thread that starts with others takes 20 ms of CPU more. So they are put back meanwhile.
 */
export function sparingEngine(): void {
  set('own');
  // Only contexts made after the flag was set have it; nothing else does.
  setFlagsFromString('--expose-gc');
  const collect = collectSchema.safeParse(runInNewContext('globalThis.gc'));
  setFlagsFromString('--no-expose-gc');
  if (collect.success) collect.data();
  aroundThreadStarts(() => {
    set('default');
    return () => { set('own'); };
  });
}
