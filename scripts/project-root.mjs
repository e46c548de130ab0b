// @ts-check
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** What can be fetched or made again: runtimes for tests, compiler state. */
export const cacheDir = join(root, '.cache');
