// @ts-check
import { readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from '../project-root.mjs';
import { resolveImport } from './layers.mjs';

/**
 * Files that would each need the other to be understood: none may lead back to itself by what it imports, be it only types.
 * Files of one model, whose objects hold each other, may name each other's types; each model says why it is one.
 */
const models = [
  // An attempt at a piece has its file and its peer; a file, a peer and a download have their attempts.
  ['download-state.ts', 'fetch.ts', 'file-state.ts', 'peer-state.ts'].map((name) => `src-main/core/swarm/${name}`),
];

const isOfOneModel = (/** @type {string} */ from, /** @type {string} */ to) => models.some((model) => model.includes(from) && model.includes(to));

/** `import … from`, `export … from`, `import('…')` and `import '…'`, as this project writes them. */
const importPattern = /^(?:import|export)\s[^'"`;]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm;

/**
 * The files of the project that a file imports.
 * @param {string} path relative to the project, `/`-separated
 * @param {string} text
 */
export function importsOf(path, text) {
  const targets = [...text.matchAll(importPattern)].map(([, from, load, plain]) => resolveImport(path, from ?? load ?? plain ?? ''));
  return targets.flatMap((target) => ('path' in target && /\.(ts|vue)$/.test(target.path) && !isOfOneModel(path, target.path) ? [target.path] : []));
}

/**
 * The way by which an import leads back to the file it stands in, from the imported file on; null when it does not.
 * @param {string} from
 * @param {string} to
 * @param {(path: string) => readonly string[]} imports
 * @returns {readonly string[] | null}
 */
export function wayBack(from, to, imports) {
  /** @type {Map<string, string | null>} who led to a file first */
  const ledBy = new Map([[to, null]]);
  for (const path of ledBy.keys()) {
    if (path === from) {
      const way = [];
      for (let at = /** @type {string | null | undefined} */ (path); at != null; at = ledBy.get(at)) way.unshift(at);
      return way;
    }
    for (const next of imports(path)) if (!ledBy.has(next)) ledBy.set(next, path);
  }
  return null;
}

/** What files on disk import, and when that was looked at. */
const seen = /** @type {Map<string, { at: number, mtimeMs: number, imports: readonly string[] }>} */ (new Map());
/** An editor keeps this rule for hours, and a whole run asks for the same files hundreds of times. */
const lookAgainAfterMs = 2000;

/** @param {string} path */
function importsOnDisk(path) {
  const now = performance.now();
  const known = seen.get(path);
  if (known !== undefined && now - known.at < lookAgainAfterMs) return known.imports;
  const file = join(root, path);
  const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const imports = known?.mtimeMs === mtimeMs ? known.imports : mtimeMs === 0 ? [] : importsOf(path, readFileSync(file, 'utf8'));
  seen.set(path, { at: now, mtimeMs, imports });
  return imports;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importCirclesRule = {
  meta: { type: 'problem', schema: [], messages: { circle: 'a circle of imports: {{way}}' } },
  create(context) {
    const from = relative(root, context.filename).split(sep).join('/');
    return {
      Program(node) {
        for (const to of importsOf(from, context.sourceCode.text)) {
          const way = wayBack(from, to, importsOnDisk);
          if (way) context.report({ node, messageId: 'circle', data: { way: [from, ...way].join(' → ') } });
        }
      },
    };
  },
};
