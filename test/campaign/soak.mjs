// @ts-check
/** `npm run campaign:soak -- --minutes N [--seed S]`: builds the node and the campaign and runs it. */
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
await bundleNode({ outDir, extra: { soak: 'test/campaign/soak.ts' } });
spawn(process.execPath, [join(outDir, 'soak.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
