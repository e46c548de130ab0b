// @ts-check
/** Runs a benchmark: `node test/bench/run.mjs NAME [ARGS…]` bundles test/bench/NAME.ts beside the workers and starts it. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleNode } from '../../scripts/bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [name = '', ...args] = process.argv.slice(2);
const outDir = join(root, 'out/bench');
await bundleNode({ outDir, extra: { [name]: `test/bench/${name}.ts` } });
spawn(process.execPath, [...process.execArgv, join(outDir, `${name}.mjs`), ...args], { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
