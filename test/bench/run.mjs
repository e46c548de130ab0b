// @ts-check
/**
 * Runs a benchmark: `node test/bench/run.mjs NAME [ARGS…]` bundles test/bench/NAME.ts beside the workers and starts it. Without a name: all rows of
 * session.ts, side by side with other programs if `--peers` tells where their scripts are.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies, requireNode } from '../../scripts/bootstrap.mjs';
import { endWithParent } from '../../scripts/end-with-parent.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const given = process.argv.slice(2);
const [name = '', args] = given[0] === undefined || given[0].startsWith('-') ? ['session', given] : [given[0], given.slice(1)];
const names = readdirSync(join(root, 'test/bench')).flatMap((file) => (file.endsWith('.ts') ? file.slice(0, -'.ts'.length) : []));
if (names.includes(name) && (args.includes('--help') || args.includes('-h'))) {
  // What each measures, and how it is run, stands at the beginning of its file.
  const [, about = ''] = /\/\*\*\n([\s\S]*?)\n \*\//.exec(readFileSync(join(root, 'test/bench', `${name}.ts`), 'utf8')) ?? [];
  console.log(`${about.replace(/^ \* ?/gm, '')}\n\nnpm run bench -- NAME --help tells of each: ${names.join(' ')}`);
  process.exit(0);
}
requireNode();
ensureDependencies();
if (!names.includes(name)) {
  console.error(`No such benchmark: ${name}. There are: ${names.join(' ')}`);
  process.exit(2);
}
const { bundleNode } = await import('../../scripts/bundle.mjs');

const outDir = join(root, 'out/bench');
await bundleNode({ outDir, extra: { [name]: `test/bench/${name}.ts`, 'discovery-program': 'test/net/discovery-program.ts' } });
// Certificates for a proxy of this machine, which nobody here asks for anything: each start of Node would read them, for 40 ms and 2 MB.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const child = spawn(process.execPath, [...process.execArgv, join(outDir, `${name}.mjs`), ...args], { stdio: 'inherit', env });
// The benchmark ends what it started and removes its data before it ends.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
endWithParent();
child.on('exit', (code) => process.exit(code ?? 1));
