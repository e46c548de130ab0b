import { execFile } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { cpus, release, totalmem, type as systemName } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { GiB } from '#shared/units.ts';

const run = promisify(execFile);
const flags = ['sha_ni', 'aes'];

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The kind of file system a folder lies on. */
function fileSystemOf(folder: string): string {
  const mounts = read('/proc/mounts').split('\n').map((line) => line.split(' ')).filter(([, at = '']) => at === '/' || folder === at || folder.startsWith(`${at}/`));
  const [found] = mounts.toSorted(([, one = ''], [, other = '']) => other.length - one.length);
  return found?.[2] ?? `type ${statfsSync(folder).type.toString(16)}`;
}

/** Processor, memory, kernel, system, Node, file systems: one fact an entry. */
export async function machineFacts(root: string, folders: Readonly<Record<string, string>>): Promise<string[]> {
  const list = cpus();
  const known = read('/proc/cpuinfo').split('\n').find((line) => line.startsWith('flags'))?.split(' ') ?? [];
  const system = /PRETTY_NAME="(.*)"/.exec(read('/etc/os-release'))?.[1] ?? systemName();
  const commit = await run('git', ['-C', root, 'describe', '--always', '--dirty']).then(({ stdout }) => `, commit ${stdout.trim()}`, () => '');
  const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(read(join(root, 'package.json'))));
  return [
    `${list.length} cores, ${list[0]?.model.trim() ?? 'unknown processor'}${flags.filter((flag) => known.includes(flag)).map((flag) => `, ${flag}`).join('')}`,
    `${Math.round(totalmem() / GiB)} GiB memory`, `${system}, kernel ${release()}`,
    Object.entries(folders).map(([what, folder]) => `${what} on ${fileSystemOf(folder)}`).join(', '),
    `DistriShare ${version}${commit}`, `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
  ];
}

/** How each of the other programs tells its version. */
const asked: readonly { name: string; command: readonly [string, ...string[]] }[] = [
  { name: 'Syncthing', command: ['syncthing', '--version'] }, { name: 'nginx', command: ['nginx', '-v'] }, { name: 'curl', command: ['curl', '--version'] },
  { name: 'libtorrent', command: ['/usr/bin/python3', '-c', 'import libtorrent; print(libtorrent.__version__)'] }, { name: 'rsync', command: ['rsync', '--version'] },
  { name: 'aria2', command: ['aria2c', '--version'] }, { name: 'magic-wormhole', command: ['wormhole', '--version'] }, { name: 'socat', command: ['socat', '-V'] }, { name: 'mktorrent', command: ['mktorrent', '-v'] },
];
/** Packages, the script that uses each, and the variable that says where they are kept. */
const packages = [{ name: 'webtorrent', script: 'wt_peer.mjs', variable: 'PEER_NPM' }, { name: 'hyperdrive', script: 'hyper_peer.mjs', variable: 'PEER_HYPER' }];

/** Versions of the programs whose scripts are in a folder. */
export async function rivalVersions(scripts: string): Promise<string[]> {
  const programs = await Promise.all(asked.map(async ({ name, command: [program, ...args] }) => {
    const output = await run(program, args, { timeout: 10_000 }).then(({ stdout, stderr }) => `${stdout}\n${stderr}`, (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : ''));
    const version = /\d+\.\d+[\w.]*/.exec(output)?.[0];
    return version === undefined ? [] : [`${name} ${version}`];
  }));
  const modules = packages.flatMap(({ name, script, variable }) => {
    const folder = process.env[variable] ?? new RegExp(`${variable}\\W+'([^']+)'`).exec(read(join(scripts, script)))?.[1] ?? '';
    const version = /"version":\s*"([^"]+)"/.exec(read(join(folder, 'node_modules', name, 'package.json')))?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  });
  return [...programs.flat(), ...modules];
}
