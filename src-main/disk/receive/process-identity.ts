import { readFileSync } from 'node:fs';
import { systemCode } from '../disk-error.ts';

/** Reads a file of /proc; null where there is none. */
function systemText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (systemCode(thrown) === null) throw thrown;
    return null;
  }
}

/** 16 bytes that change with every start of the system, or null where the system has no such number (Windows, macOS). */
export function systemBootId(): Uint8Array | null {
  const digits = systemText('/proc/sys/kernel/random/boot_id')?.trim().replaceAll('-', '') ?? '';
  return /^[0-9a-f]{32}$/.test(digits) ? Uint8Array.from(Buffer.from(digits, 'hex')) : null;
}

/**
 * When a process started, in ticks since the system's start (proc_pid_stat(5), field 22), so that another process which
 * later gets the same number is told apart. Null where unknown.
 */
export function processStart(pid: number): string | null {
  const stat = systemText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** Whether the process with this number and start still runs. */
export function isRunning(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if (systemCode(thrown) !== 'EPERM') return false;
  }
  return start === null || (processStart(pid) ?? start) === start;
}
