// @ts-check
import { ensureBuilt } from '../build-parts.mjs';
import { stageCli } from './stage-cli.mjs';

/** electron-builder calls this before it collects files. */
export default async function beforePack() {
  await ensureBuilt(['renderer', 'dashboard', 'node', 'electron']);
  stageCli();
}
