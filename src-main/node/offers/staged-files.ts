import { rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The batch a path in the outbox belongs to, or null for a path elsewhere. */
function batchOf(outbox: string, path: string): string | null {
  const inside = relative(outbox, path);
  const [batch] = inside.split(sep);
  return batch === undefined || batch === '' || batch === '..' || inside.startsWith(sep) || /^[A-Za-z]:/.test(inside) ? null : batch;
}

/**
 * Deletes copies that a browser handed over for a push that is over. A batch that anything else still uses (`inUse`:
 * paths of shares and of other pushes) stays, and so does everything outside the outbox.
 */
export async function discardStaged(outbox: string, paths: readonly string[], inUse: readonly string[]): Promise<void> {
  const used = new Set(inUse.map((path) => batchOf(outbox, path)));
  const over = new Set(paths.map((path) => batchOf(outbox, path)).filter((batch) => batch !== null && !used.has(batch)));
  for (const batch of over) if (batch !== null) await rm(join(outbox, batch), { recursive: true, force: true });
}
