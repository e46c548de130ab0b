// @ts-check
import { spawnSync } from 'node:child_process';

/**
 * Debian packages that tests use, by the layer that needs them. A name with `|` means whichever the release has.
 * @type {Record<string, string[]>}
 */
const packages = {
  contract: ['python3-libtorrent', 'redis-server'],
  integration: ['python3-libtorrent', 'redis-server'],
  net: ['iproute2', 'nftables', 'miniupnpd-nftables'],
  browser: ['chromium', 'fonts-dejavu-core'],
  electron: [
    'xvfb', 'xauth', 'libnss3', 'libatk1.0-0|libatk1.0-0t64', 'libatk-bridge2.0-0|libatk-bridge2.0-0t64', 'libcups2|libcups2t64', 'libdrm2', 'libgbm1',
    'libgtk-3-0|libgtk-3-0t64', 'libasound2|libasound2t64', 'libxshmfence1', 'fonts-dejavu-core',
  ],
};

/**
 * @param {string} program
 * @param {string[]} args
 */
const run = (program, args) => spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

function installedPackages() {
  const { status, stdout } = run('dpkg-query', ['-W', '-f', '${db:Status-Abbrev} ${Package}\n']);
  return status === 0 ? new Set(stdout.split('\n').filter((line) => line.startsWith('ii')).map((line) => line.slice(4).trim())) : null;
}

/** @param {string} alternatives */
const inThisRelease = (alternatives) => alternatives.split('|').find((name) => run('apt-cache', ['show', '--no-all-versions', name]).status === 0);
/** @param {string[]} names */
const install = (names) => run('apt-get', ['install', '-q', '-y', '--no-install-recommends', '--no-upgrade', ...names]);

/**
 * Installs what the chosen layers need and is missing, when this is Debian and we are root; upgrades nothing.
 * @param {readonly string[]} layers
 * @returns {string[]} sentences about what is still missing; empty when all is there or this is not a Debian system
 */
export function ensureSystemPackages(layers) {
  if (process.platform !== 'linux' || !installedPackages()) return [];
  const wanted = [...new Set(layers.flatMap((layer) => packages[layer] ?? []))];
  const missing = () => {
    const installed = installedPackages() ?? new Set();
    return wanted.filter((alternatives) => !alternatives.split('|').some((name) => installed.has(name)));
  };
  const before = missing();
  if (before.length === 0) return [];
  if (process.getuid?.() === 0) {
    console.log(`Installing for the tests: ${before.join(' ')}`);
    const known = before.map(inThisRelease);
    if (known.includes(undefined) || install(known.filter((name) => name !== undefined)).status !== 0) {
      // No package lists yet, or lists from long ago that name versions the mirrors no longer have.
      run('apt-get', ['update', '-q']);
      for (const name of missing().map(inThisRelease)) if (name) install([name]);
    }
  }
  const left = missing();
  return left.length === 0 ? [] : [`Not installed, so some tests are skipped. To have them: apt-get install ${left.map((names) => names.split('|')[0]).join(' ')}`];
}
