// @ts-check
/** `node scripts/packaging/stage-container.mjs FOLDER`: all that the container of a bootstrap server consists of, with its health check. */
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBuilt } from '../build-parts.mjs';
import { root } from '../project-root.mjs';
import { stageCli } from './stage-cli.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('which folder?');
await ensureBuilt(['renderer', 'dashboard', 'node']);
stageCli(resolve(folder));
cpSync(join(root, 'resources/container/health-check.mjs'), join(resolve(folder), 'health-check.mjs'));
