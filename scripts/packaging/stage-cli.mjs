// @ts-check
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../project-root.mjs';

const windows = process.platform === 'win32';

/**
 * Packages and all they need at run time, as far as they are installed here.
 * @param {string[]} names
 * @param {Set<string>} [found]
 */
function closureOf(names, found = new Set()) {
  for (const name of names) {
    const manifest = join(root, 'node_modules', name, 'package.json');
    if (found.has(name) || !existsSync(manifest)) continue;
    found.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    closureOf([...Object.keys(dependencies), ...Object.keys(optionalDependencies)], found);
  }
  return found;
}

/** Sources to compile from and binaries of other systems are of no use to anybody there. @param {string} path */
const isNeeded = (path) => !/[\\/](deps|src|test|docs)$/.test(path) && !/\.(map|md|gyp|cc|d\.ts)$/.test(path)
  && !(/[\\/]prebuilds[\\/][^\\/]+$/.test(path) && !path.includes(`${process.platform}-`));

/**
 * Puts together what an installed `distrishare` command needs: the bundle, the UI and the dashboard it serves, the native modules of this
 * platform and a Node of its own, since nobody may expect one on the user's machine.
 */
export function stageCli(cliPackage = join(root, 'out/cli-package')) {
  rmSync(cliPackage, { recursive: true, force: true });
  mkdirSync(cliPackage, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const kept = { name: manifest.name, version: manifest.version, license: manifest.license, type: manifest.type };
  writeFileSync(join(cliPackage, 'package.json'), `${JSON.stringify(kept)}\n`);
  for (const part of ['bin', 'out/node', 'out/renderer', 'out/dashboard']) cpSync(join(root, part), join(cliPackage, part), { recursive: true, filter: (path) => !path.endsWith('.map') });
  for (const name of closureOf(Object.keys(manifest.dependencies))) {
    cpSync(join(root, 'node_modules', name), join(cliPackage, 'node_modules', name), { recursive: true, filter: isNeeded });
  }
  const node = join(cliPackage, windows ? 'node.exe' : 'node');
  cpSync(process.execPath, node);
  const launcher = join(cliPackage, windows ? 'distrishare.cmd' : 'distrishare');
  writeFileSync(launcher, windows
    ? '@"%~dp0node.exe" "%~dp0bin\\distrishare.mjs" %*\r\n'
    : '#!/bin/sh\n# The command may be reached through a link: what belongs to it lies beside the real file.\nhere=$(dirname "$(readlink -f "$0")")\nexec "$here/node" "$here/bin/distrishare.mjs" "$@"\n');
  chmodSync(launcher, 0o755);
}
