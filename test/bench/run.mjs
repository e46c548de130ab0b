// @ts-check
/**
 * Runs a benchmark: `node test/bench/run.mjs NAME [ARGS…]` bundles test/bench/NAME.ts beside the workers and starts it. Without a name: all rows of
 * session.ts, side by side with other programs if `--peers` tells where their scripts are.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, requireNode } from '../../scripts/bootstrap.mjs';
import { endWithParent } from '../../scripts/end-with-parent.mjs';

requireNode();
ensureDependencies();
const { bundleNode } = await import('../../scripts/bundle.mjs');

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const given = process.argv.slice(2);
const [name = '', args] = given[0] === undefined || given[0].startsWith('-') ? ['session', given] : [given[0], given.slice(1)];
const outDir = join(root, 'out/bench');
await bundleNode({ outDir, extra: { [name]: `test/bench/${name}.ts`, 'discovery-program': 'test/net/discovery-program.ts' } });
// Certificates for a proxy of this machine, which nobody here asks for anything: each start of Node would read them, for 40 ms and 2 MB.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const child = spawn(process.execPath, [...process.execArgv, join(outDir, `${name}.mjs`), ...args], { stdio: 'inherit', env });
// The benchmark ends what it started and removes its data before it ends.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
endWithParent();
child.on('exit', (code) => process.exit(code ?? 1));
