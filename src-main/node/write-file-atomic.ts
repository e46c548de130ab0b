import { open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { diskError } from './data-dir.ts';

/**
 * Replaces a small file of our own, which only its owner reads, so that after any crash either the old or the new text is
 * there: temporary file, fsync, rename, fsync of the folder. Rejects with `no-permission`, `disk-full` or `disk-error`.
 */
export async function writeFileAtomic(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await unlink(aside).catch(() => undefined); // It may never have been created; the first error is the one that counts.
    throw diskError(error, file);
  }
  await syncFolder(dirname(file));
}

/** What `writeFileAtomic` calls the temporary files of those that it writes in a data directory. */
const leftAside = /^(settings\.json|settings\.json\.bak|shares\.json|run\.json)\.[0-9a-f]{12}\.tmp$/;

/** Deletes what writers left behind that were killed. Call only while holding the data directory: then nobody writes there. */
export async function removeLeftAside(dataDir: string): Promise<void> {
  try {
    for (const entry of await readdir(dataDir, { withFileTypes: true })) if (entry.isFile() && leftAside.test(entry.name)) await unlink(join(dataDir, entry.name));
  } catch (error) {
    throw diskError(error, dataDir);
  }
}

/** Windows and some network volumes cannot open or sync a folder; the rename itself is then all there is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch {
    // Not supported here; see above.
  } finally {
    await handle.close();
  }
}
