// @ts-check
import { dirname, join, relative, sep } from 'node:path';
import { root } from '../project-root.mjs';

/**
 * Who may import whom. Dependencies point down; the first entry whose folder contains a file is its layer.
 * `packages`: `none`, `some` (those listed), or `all`; only `electron` may ever name the package electron.
 * @typedef {{ name: string, in: string, layers: string[], packages: 'none' | 'all' | string[], node?: boolean }} Layer
 */

const below = ['shared', 'core', 'ports', 'spawn-worker'];
const services = ['net', 'discovery', 'disk'];
const faces = ['api', 'local', 'web', 'cli'];
/** The simulator: the engine is as pure as the cores it drives, its runners may use Node. */
const lab = ['lab-engine', 'lab'];
/** The bootstrap server: the registry is as pure as the cores, the rest of it serves it. */
const bootstrap = ['bootstrap-registry', 'bootstrap'];

/** @type {Layer[]} */
export const layers = [
  { name: 'shared', in: 'src-shared/', layers: ['shared'], packages: ['zod', '@scure/bip39', '@intlify/core-base'], node: false },
  { name: 'core', in: 'src-main/core/', layers: ['core', 'shared'], packages: 'none', node: false },
  { name: 'ports', in: 'src-main/node/ports/', layers: ['shared', 'core', 'ports'], packages: 'none' },
  { name: 'spawn-worker', in: 'src-main/node/spawn-worker.ts', layers: ['shared'], packages: 'none' },
  { name: 'lab-engine', in: 'src-main/lab/engine/', layers: ['lab-engine', 'core', 'shared'], packages: 'none', node: false },
  { name: 'lab', in: 'src-main/lab/', layers: [...lab, 'core', 'shared'], packages: 'none' },
  ...services.map((name) => ({ name, in: `src-main/${name}/`, layers: [name, ...below], packages: /** @type {const} */ ('all') })),
  { name: 'node', in: 'src-main/node/', layers: ['node', ...services, ...below], packages: 'all' },
  { name: 'bootstrap-registry', in: 'src-main/bootstrap/registry/', layers: ['bootstrap-registry', 'core', 'shared'], packages: 'none', node: false },
  { name: 'bootstrap', in: 'src-main/bootstrap/', layers: [...bootstrap, 'net', 'disk', 'core', 'shared'], packages: 'all' },
  ...faces.map((name) => ({ name, in: `src-main/${name}/`, layers: [...faces, 'node', ...services, ...below, ...lab, ...bootstrap], packages: /** @type {const} */ ('all') })),
  { name: 'electron', in: 'src-main/electron/', layers: ['electron', ...faces, 'node', ...services, ...below], packages: 'all' },
  { name: 'renderer', in: 'src-renderer/', layers: ['renderer', 'shared'], packages: 'all', node: false },
];

/**
 * The layer of a file, or undefined for files outside every layer (tests, scripts).
 * @param {string} path relative to the project, `/`-separated
 */
export const layerOf = (path) => layers.find((layer) => path.startsWith(layer.in));

/**
 * Where an import leads: a path inside the project, or the package it names.
 * @param {string} from path of the importing file, relative to the project
 * @param {string} specifier
 * @returns {{ path: string } | { package: string }}
 */
export function resolveImport(from, specifier) {
  if (specifier.startsWith('#shared/')) return { path: `src-shared/${specifier.slice(8)}` };
  if (specifier.startsWith('#main/')) return { path: `src-main/${specifier.slice(6)}` };
  if (specifier.startsWith('.')) return { path: join(dirname(from), specifier).split(sep).join('/') };
  if (specifier.startsWith('node:')) return { package: 'node:' };
  const [scope = '', name = ''] = specifier.split('/');
  return { package: scope.startsWith('@') ? `${scope}/${name}` : scope };
}

/**
 * Says why `from` must not import `specifier`, or null when it may.
 * @param {string} from path relative to the project
 * @param {string} specifier
 * @returns {string | null}
 */
export function forbidden(from, specifier) {
  const layer = layerOf(from);
  if (!layer) return null;
  const target = resolveImport(from, specifier);
  if ('package' in target) {
    if (target.package === 'node:') return layer.node === false ? `${layer.name} runs without Node` : null;
    if (target.package === 'electron') return layer.name === 'electron' ? null : 'only src-main/electron knows Electron';
    if (layer.packages === 'all') return null;
    const allowed = layer.packages === 'none' ? [] : layer.packages;
    return allowed.includes(target.package) ? null : `${layer.name} may not use the package ${target.package}`;
  }
  const to = layerOf(target.path);
  if (!to) return target.path.startsWith('resources/') ? null : `${layer.name} may not import ${target.path}`;
  return layer.layers.includes(to.name) ? null : `${layer.name} may not import ${to.name}`;
}

/** @type {import('eslint').Rule.RuleModule} */
export const layersRule = {
  meta: { type: 'problem', schema: [], messages: { layer: '{{why}} (scripts/lint-rules/layers.mjs)' } },
  create(context) {
    const from = relative(root, context.filename).split(sep).join('/');
    /** @param {import('estree').Node | null | undefined} source */
    const check = (source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const why = forbidden(from, source.value);
      if (why) context.report({ node: source, messageId: 'layer', data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
    };
  },
};
