import { spawnSync } from 'node:child_process';
import type { ServedNode, Wrap } from './programs.ts';

/** The program sees mounts of its own; what lies beneath them is seen from here. */
export const apart: Wrap = (command, args) => ['unshare', ['-m', '--propagation', 'private', command, ...args]];
export const mayMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'true']).status === 0;
if (!mayMount) console.warn('skipped: no permission (needs Linux, root and the programs unshare, nsenter and mount)');

/** Runs a command where a program sees its mounts. */
export function among(node: ServedNode, ...command: string[]): void {
  const { status, stderr } = spawnSync('nsenter', ['-m', '-t', String(node.pid), ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}
