import type { AppError } from '#shared/errors.ts';

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
