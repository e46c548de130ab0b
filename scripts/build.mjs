// @ts-check
/** `npm run build`: everything that programs run from, into out/. */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { ensureBuilt } from './build-parts.mjs';

requireNode();
ensureDependencies();
await ensureBuilt(['renderer', 'dashboard', 'node', 'electron']);
