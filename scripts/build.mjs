// @ts-check
/** `npm run build`: everything that programs run from, into out/; or the parts that are named. */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { buildHere, parts } from './build-parts.mjs';
import { endWithParent } from './end-with-parent.mjs';

requireNode();
ensureDependencies();
endWithParent();
const named = process.argv.slice(2);
const all = /** @type {(keyof typeof parts)[]} */ (Object.keys(parts));
try {
  await buildHere(named.length === 0 ? all : all.filter((name) => named.includes(name)));
} catch (error) {
  // Where in the tools it happened helps nobody.
  console.error((error instanceof Error ? error.message : String(error)).replace(/^ +at .*\n?/gm, '').trimEnd());
  console.error('\nDistriShare could not be built; what went wrong is above.');
  console.error('If you changed the sources, mend what is named there. Otherwise see that this folder can be written to and the disk has room, run “npm ci”, and try again.');
  process.exit(1);
}
