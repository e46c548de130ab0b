// @ts-check
/**
 * `npm run -s cli -- ARGS`: the command line from a checkout. Builds it first when sources changed (milliseconds when
 * not), then runs it in this process. Several at once do no harm: the build appears file by file, each one whole.
 */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { requireBuilt } from './build-parts.mjs';
import { endWithParent } from './end-with-parent.mjs';

requireNode();
ensureDependencies();

const fromNpm = process.env.npm_lifecycle_event === 'cli';
if (fromNpm) endWithParent();
const args = process.argv.slice(2);
// Only a node that serves has a page, and a bootstrap server its dashboard.
await requireBuilt(args.includes('serve') && !args.includes('--no-web') ? ['renderer', 'node'] : args.includes('bootstrap') ? ['dashboard', 'node'] : ['node']);
// npm starts scripts in the package's folder; paths on the command line mean the folder the user is in.
if (fromNpm && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
// @ts-expect-error -- made by the line above
await import('../out/node/cli.mjs');
