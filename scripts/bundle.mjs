// @ts-check
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './project-root.mjs';
import { publishFiles } from './publish-files.mjs';

/** Worker threads. They must lie beside whoever starts them (spawn-worker.ts). */
const workers = {
  'worker-receive': 'src-main/disk/receive/receive-worker.ts',
  'worker-hash': 'src-main/disk/hash/hash-worker.ts',
};

/** Node-API modules with prebuilt binaries stay outside the bundle. */
const external = ['classic-level', '@parcel/watcher', 'electron'];

/**
 * Bundles the Node side. `esm` is what Node runs; `cjs` is for Electron, whose asar archives want CommonJS.
 * @param {{ outDir?: string, format?: 'esm' | 'cjs', extra?: Record<string, string>, inject?: string[], outside?: string[] }} [options]
 *   `extra`: more entries, name to source file; `inject`: files every bundle begins with; `outside`: further packages that stay outside
 */
export async function bundleNode({ outDir = join(root, 'out/node'), format = 'esm', extra = {}, inject = [], outside = [] } = {}) {
  // The desktop shell brings the command line as a program of its own.
  const programs = { ...(format === 'esm' ? { cli: 'src-main/cli/main.ts' } : {}), ...extra };
  /** @type {(entries: Record<string, string>, splitting: boolean) => Promise<{ path: string, contents: Uint8Array }[]>} */
  const bundle = async (entries, splitting) => {
    const { outputFiles } = await build({
      entryPoints: Object.entries(entries).map(([name, file]) => ({ out: name, in: join(root, file) })).filter((entry) => existsSync(entry.in)),
      absWorkingDir: root,
      outdir: outDir,
      write: false,
      outExtension: { '.js': format === 'esm' ? '.mjs' : '.cjs' },
      bundle: true,
      platform: 'node',
      format,
      target: 'node18.15',
      splitting,
      chunkNames: 'chunk-[hash]',
      external: [...external, ...outside],
      inject,
      sourcemap: 'linked',
      legalComments: 'none',
      // The text of a program stays in memory as long as it runs: 4 MB less. Names stay, for whoever reads a stack trace.
      minifyWhitespace: true,
      logLevel: 'warning',
      ...(format === 'esm'
        ? { banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" } }
        : { banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" }, define: { 'import.meta.url': '__moduleUrl' } }),
    });
    return outputFiles.map((file) => ({ path: relative(outDir, file.path), contents: file.contents }));
  };
  // A thread shares nothing with the others that the system would load once, and each file costs its start a millisecond.
  const files = [...(await bundle(programs, format === 'esm')), ...(await bundle(workers, false))];
  const names = new Set(Object.keys({ ...programs, ...workers }).map((name) => `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`));
  publishFiles(outDir, files, (name) => names.has(name));
}

/**
 * Bundles the desktop shell: main process, threads, and the preload script, which is sandboxed and so knows no Node.
 * @param {{ outDir?: string, nodeThread?: string, inject?: string[] }} [options] `nodeThread`: source of the thread the node lives in
 */
export async function bundleElectron({ outDir = join(root, 'out/electron'), nodeThread = 'src-main/electron/worker-node.ts', inject = [] } = {}) {
  await bundleNode({ outDir, format: 'cjs', inject, extra: { main: 'src-main/electron/main.ts', 'worker-node': nodeThread } });
  await build({
    entryPoints: [join(root, 'src-main/electron/preload.ts')],
    absWorkingDir: root,
    outfile: join(outDir, 'preload.cjs'),
    bundle: true,
    platform: 'browser',
    format: 'cjs',
    target: 'chrome114',
    external: ['electron'],
    legalComments: 'none',
    logLevel: 'warning',
  });
}
