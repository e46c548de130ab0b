import { createRequire } from 'node:module';
import type ParcelWatcher from '@parcel/watcher';
import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import type { Watch, WatchEvents } from './watch.ts';

const watcherSchema = z.object({ subscribe: z.custom<typeof ParcelWatcher.subscribe>((value) => typeof value === 'function') });

/** Loaded when first needed, so that a system without a prebuilt watcher has rescans instead of no node at all. */
const loadWatcher = () => watcherSchema.parse(createRequire(import.meta.url)('@parcel/watcher'));

/**
 * Watches a folder with everything below it where the system itself does so: Windows and macOS. (On Linux this library
 * misses what happens in folders that came together with the one they lie in, and tells old paths of renamed ones.)
 * Rejects with `watch-failed`.
 */
export async function watchByTheSystem(path: string, events: WatchEvents): Promise<Watch> {
  const failure = (cause: unknown) => new AppError('watch-failed', { path }, { cause });
  let closed = false;
  try {
    const { subscribe } = loadWatcher();
    const subscription = await subscribe(path, (error, changes) => {
      if (closed) return;
      if (error !== null) events.failed(failure(error));
      else events.changed(changes.map((change) => change.path));
    });
    return {
      async close() {
        closed = true;
        await subscription.unsubscribe();
      },
    };
  } catch (error) {
    throw failure(error);
  }
}
