// @ts-check
/** `node test/campaign/bundled.mjs NAME [OPTIONS]`: builds the node and the campaign `NAME.ts` and runs it. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, requireNode } from '../../scripts/bootstrap.mjs';

requireNode();
ensureDependencies();
const { bundleNode } = await import('../../scripts/bundle.mjs');

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outDir = join(root, 'out/campaign');
await bundleNode();
const [name = '', ...options] = process.argv.slice(2);
await bundleNode({ outDir, extra: { [name]: `test/campaign/${name}.ts` } });
spawn(process.execPath, [join(outDir, `${name}.mjs`), ...options], { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
