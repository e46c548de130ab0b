import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fileVersion } from '#main/disk/file-version.ts';
import type { FileRef } from '#main/node/ports/library.ts';
import { OpenFiles } from '#main/node/serving/open-files.ts';
import { copyLocally, type CopiedFile } from '#main/node/transfers/copies/local-copy.ts';
import { MiB } from '#shared/units.ts';
import { tempFolder } from '../../disk/temp-folder.ts';

/** A file that was shared, and what others can take it for. */
function sharedFile(): FileRef {
  const inside = tempFolder();
  const diskPath = join(inside, 'film');
  writeFileSync(diskPath, new Uint8Array(MiB).fill(1));
  const stats = statSync(diskPath, { bigint: true });
  return { share: null, path: 'film', diskPath, inside, bytes: MiB, modifiedAt: 1, executable: false, version: fileVersion(stats, 'other'), contentId: null };
}

/** A pipe into which nobody writes, in the place of a file. */
function pipeAt(path: string): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
  // Lets go whoever waits for it.
  onTestFinished(() => { closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)); });
}

/** A file of one piece that takes what it finds on this device. */
const wanted = (): CopiedFile => ({
  bytes: MiB, verifiedBytes: 0, verified: { has: () => false, isFull: false }, partPath: null, layer: null, isFetched: true, pieceBytes: MiB, pieces: 1, isSmall: true, hasEnded: false,
  stopSignal: new AbortController().signal, sources: { askEverybody: () => undefined }, pieceDone: () => undefined, addSource: () => undefined, starved: () => undefined, sourceLost: () => undefined,
});

it.skipIf(process.platform === 'win32')('a pipe that somebody put in the place of a file gives nothing, and holds nobody up', async () => {
  const file = sharedFile();
  const files = new OpenFiles({ readSmall: () => Promise.reject(new Error('it is large')) }, () => 0);
  onTestFinished(() => files.close());
  pipeAt(file.diskPath);
  expect(await files.read(file, 0, new Uint8Array(new SharedArrayBuffer(1024)))).toBe(false);
  expect(await copyLocally(file, wanted(), () => Promise.reject(new Error('nothing is written')))).toBe(false);
});
