import { watch as watchFile } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { watchByTheSystem } from './watch-by-the-system.ts';
import { watchTree } from './watch-tree.ts';

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
