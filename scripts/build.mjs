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
await buildHere(named.length === 0 ? all : all.filter((name) => named.includes(name)));
