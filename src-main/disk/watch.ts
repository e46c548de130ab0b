import { watch as watchFile } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import type ParcelWatcher from '@parcel/watcher';
import * as z from 'zod';
import { AppError } from '#shared/errors.ts';

export interface Watch {
  close(): Promise<void>;
}

export interface WatchEvents {
  /** Paths at which something changed, came or went; the watched path itself among them when it did. */
  changed(paths: readonly string[]): void;
  /** Changes are not noticed any more. The watch is still to be closed. */
  failed(error: AppError): void;
}

/** Begins to watch a file, or a folder with everything below it. Rejects with `watch-failed`. */
export type StartWatch = (path: string, kind: 'file' | 'folder', events: WatchEvents) => Promise<Watch>;

export const startWatch: StartWatch = async (path, kind, events) => (kind === 'folder' ? watchFolder(path, events) : watchOneFile(path, events));

const watcherSchema = z.object({ subscribe: z.custom<typeof ParcelWatcher.subscribe>((value) => typeof value === 'function') });

/** Loaded when first needed, so that a system without a prebuilt watcher has rescans instead of no node at all. */
const loadWatcher = () => watcherSchema.parse(createRequire(import.meta.url)('@parcel/watcher'));

const failure = (path: string, cause: unknown): AppError => new AppError('watch-failed', { path }, { cause });

async function watchFolder(path: string, events: WatchEvents): Promise<Watch> {
  let closed = false;
  try {
    const { subscribe } = loadWatcher();
    const subscription = await subscribe(path, (error, changes) => {
      if (closed) return;
      if (error !== null) events.failed(failure(path, error));
      else events.changed(changes.map((change) => change.path));
    });
    return {
      async close() {
        closed = true;
        await subscription.unsubscribe();
      },
    };
  } catch (error) {
    throw failure(path, error);
  }
}

/** Watches one file, by its folder: a program that saves usually replaces it. */
function watchOneFile(path: string, events: WatchEvents): Watch {
  try {
    const name = basename(path);
    const watcher = watchFile(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) events.changed([path]);
    });
    watcher.on('error', (error) => events.failed(failure(path, error)));
    return {
      close: () => {
        watcher.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    throw failure(path, error);
  }
}
