import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeFlags } from '../../scripts/node-flags.mjs';
import { root } from '../../scripts/project-root.mjs';

/** V8 takes them at its start only, so every way to start a node has to name them. */
it.each(['bin/distrishare.mjs', 'package.json'])('%s starts Node with the flags of scripts/node-flags.mjs', (path) => {
  expect(readFileSync(join(root, path), 'utf8')).toContain(`node ${nodeFlags.join(' ')}`);
});
