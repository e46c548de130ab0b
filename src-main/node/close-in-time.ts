import type { Millis } from '#shared/units.ts';

/**
 * Closes everything, one after the other. What takes longer than `withinMs` altogether is cut off: who asked waits, and everything that matters is crash-safe. Whatever
 * should be left open afterwards does not keep the process either.
 */
export async function closeInTime(closing: readonly (() => Promise<void>)[], withinMs: Millis, log: (what: string, open: unknown) => void): Promise<void> {
  let isClosed = false;
  const cutOff = setTimeout(() => {
    log('still open when the time to stop was over:', process.getActiveResourcesInfo());
    if (isClosed) process.exit();
    // An ordinary exit waits for what the disk is asked just now.
    process.kill(process.pid, 'SIGKILL');
  }, withinMs);
  for (const close of closing) await close();
  isClosed = true;
  cutOff.unref();
}
