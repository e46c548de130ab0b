// @ts-check
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir } from './project-root.mjs';

const fetchTimeoutMs = 180_000;

/**
 * Fetches one pinned npm package with npm itself, checks its hash and unpacks it below .cache/.
 * @param {{ name: string, version: string, integrity: string }} wanted `integrity` as npm writes it, sha512
 * @returns {string} the unpacked folder
 * @throws {Error} with one plain sentence
 */
export function fetchPackage({ name, version, integrity }) {
  const folder = join(cacheDir, 'packages', `${name.replace(/^@/, '').replace('/', '-')}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const packed = spawnSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', work], {
      cwd: work, encoding: 'utf8', timeout: fetchTimeoutMs, shell: process.platform === 'win32',
    });
    if (packed.status !== 0) throw new Error(`npm could not fetch ${name}@${version}`);
    const archive = join(work, packed.stdout.trim().split('\n').at(-1) ?? '');
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${name}@${version} does not have the expected hash`);
    if (spawnSync('tar', ['-xzf', archive, '-C', work]).status !== 0) throw new Error(`${name}@${version} could not be unpacked`);
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
