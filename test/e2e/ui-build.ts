import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder for what files of one run share. */
    readonly uiBuild: string;
  }
}

/** Before the run: a folder for the build, which the first file that needs it makes. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'distrishare-site-'));
  project.provide('uiBuild', folder);
  return () => rm(folder, { recursive: true, force: true });
}

const isThere = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/** The UI on its invented node, built once for all files of a run. Returns its folder. */
export async function builtUi(): Promise<string> {
  const folder = inject('uiBuild');
  const [lock, growing, whole] = [join(folder, 'lock'), join(folder, 'growing'), join(folder, 'whole')];
  for (;;) {
    if (await isThere(whole)) return whole;
    const isMine = await mkdir(lock).then(() => true, () => false);
    if (!isMine) {
      await sleep(100);
      continue;
    }
    try {
      const configFile = fileURLToPath(new URL('../src-renderer/dev/vite.config.ts', import.meta.url));
      await build({ configFile, logLevel: 'error', build: { outDir: growing, emptyOutDir: true } });
      await rename(growing, whole);
      return whole;
    } catch (error) {
      // Whoever waits tries it, too, and says the same.
      await rm(lock, { recursive: true });
      throw error;
    }
  }
}
