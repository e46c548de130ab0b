// @ts-check
/** `node test/campaign/bundled.mjs NAME [OPTIONS]`: builds the node and the campaign `NAME.ts` and runs it. */
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, requireNode } from '../../scripts/bootstrap.mjs';

requireNode();
ensureDependencies();
const { bundleNode } = await import('../../scripts/bundle.mjs');
const { ensureBuilt } = await import('../../scripts/build-parts.mjs');

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outDir = join(root, 'out/campaign');
await bundleNode();
const [name = '', ...options] = process.argv.slice(2);
// What builds and opens a page is larger than all the rest, and finds its own files beside it.
await bundleNode({ outDir, extra: { [name]: `test/campaign/${name}.ts` }, outside: ['vite', '@vitejs/plugin-vue', 'playwright-core'] });
if (name === 'page') await ensureBuilt(['renderer']);
// The random users download onto volumes that it mounts: where only it and its nodes see them, and only where that is allowed.
const mayMount = name === 'monkey' && process.platform === 'linux' && spawnSync('unshare', ['-m', 'true']).status === 0;
const command = [process.execPath, join(outDir, `${name}.mjs`), ...options];
const [program = '', ...args] = mayMount ? ['unshare', '-m', '--propagation', 'private', ...command] : command;
spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...(mayMount ? { MONKEY_MAY_MOUNT: 'yes' } : {}) } }).on('exit', (code) => process.exit(code ?? 1));
