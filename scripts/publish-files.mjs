// @ts-check
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Files of an earlier build stay this long: a program that still runs from it may yet load one of its chunks. */
const keepOldMs = 3600 * 1000;

/** @param {string} folder */
export const filesBelow = (folder) => (existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  : []);

/**
 * Puts a build in place while programs run from the last one: each file appears whole, what names others comes last,
 * files that did not change are left alone, and several builds at once do no harm.
 * @param {string} folder
 * @param {{ path: string, contents: Uint8Array }[]} files paths relative to the folder
 * @param {(name: string) => boolean} isEntry files that refer to others
 */
export function publishFiles(folder, files, isEntry) {
  const ordered = [...files].sort((a, b) => Number(isEntry(basename(a.path))) - Number(isEntry(basename(b.path))));
  for (const { path, contents } of ordered) {
    const target = join(folder, path);
    if (existsSync(target) && readFileSync(target).equals(contents)) continue;
    mkdirSync(dirname(target), { recursive: true });
    const aside = `${target}.${process.pid}.new`;
    writeFileSync(aside, contents);
    renameSync(aside, target);
  }
  const current = new Set(files.map((file) => file.path));
  for (const path of filesBelow(folder)) {
    if (!current.has(relative(folder, path)) && Date.now() - statSync(path).mtimeMs > keepOldMs) rmSync(path, { force: true });
  }
}
