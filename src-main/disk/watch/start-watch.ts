import { watch as watchFile } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { watchByTheSystem } from './watch-by-the-system.ts';
import { watchTree } from './watch-tree.ts';
import type { StartWatch, Watch, WatchEvents } from './watch.ts';

const watchFolder = process.platform === 'linux' ? watchTree : watchByTheSystem;

export const startWatch: StartWatch = async (path, kind, events) => (kind === 'folder' ? watchFolder(path, events) : watchOneFile(path, events));

/** Watches one file, by its folder: a program that saves usually replaces it. */
function watchOneFile(path: string, events: WatchEvents): Watch {
  const failure = (cause: unknown) => new AppError('watch-failed', { path }, { cause });
  try {
    const name = basename(path);
    const watcher = watchFile(dirname(path), { persistent: false }, (_event, changed) => {
      if (changed === null || changed === name) events.changed([path]);
    });
    watcher.on('error', (error) => events.failed(failure(error)));
    return {
      close: () => {
        watcher.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    throw failure(error);
  }
}
