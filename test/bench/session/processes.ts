/**
 * Programs under measurement. Each runs in a session of its own (setsid), so that what it starts is counted and ended with it.
 * CPU and memory come from proc(5) and are null on systems without it.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { KiB } from '#shared/units.ts';

/** Linux counts CPU time for user space in hundredths of a second. */
const ticksPerSecond = 100;
const isLinux = process.platform === 'linux';

interface ProcessState {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Own and waited-for children's. */
  readonly cpuSeconds: number;
  readonly childCpuSeconds: number;
  /** Tells a process from a later one with the same number. */
  readonly startedAt: string;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function stateOf(pid: number | 'self'): ProcessState | null {
  const text = isLinux ? read(`/proc/${pid}/stat`) : null;
  if (text === null) return null;
  // The name in parentheses may contain anything; the third field follows it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [own, children] = [Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14])];
  return { pid: pid === 'self' ? process.pid : pid, parent: Number(fields[1]), session: Number(fields[3]), cpuSeconds: (own + children) / ticksPerSecond, childCpuSeconds: children / ticksPerSecond, startedAt: fields[19] ?? '' };
}

const allProcesses = (): ProcessState[] => (isLinux ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => stateOf(Number(name)) ?? []) : []);

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** CPU seconds that everything on this machine has used since it started. */
export function machineCpuSeconds(): number | null {
  const line = isLinux ? read('/proc/stat')?.split('\n')[0] : undefined;
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}

/** CPU seconds of children that have ended: the difference around one child is what that child used. */
export const endedChildrenCpuSeconds = (): number | null => stateOf('self')?.childCpuSeconds ?? null;

const running = new Set<Program>();

export class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(command: string, args: readonly string[], options: { stdio: StdioOptions; env?: NodeJS.ProcessEnv; cwd?: string }) {
    this.child = spawn(command, args, { ...options, detached: true });
    this.#ended = once(this.child, 'close').catch(() => undefined);
    running.add(this);
    void this.#ended.then(() => running.delete(this));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when it has ended and all of its output was read; never rejects. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  cpuSeconds(): number | null {
    return isLinux ? this.#session().reduce((sum, state) => sum + state.cpuSeconds, 0) : null;
  }

  /** User and system seconds of each thread of the process itself, by thread number. */
  threadSeconds(): ReadonlyMap<number, readonly [user: number, system: number]> {
    const folder = `/proc/${this.pid}/task`;
    return new Map((isLinux ? readdirSync(folder) : []).map((thread) => {
      const text = read(`${folder}/${thread}/stat`) ?? '';
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return [Number(thread), [Number(fields[11] ?? 0) / ticksPerSecond, Number(fields[12] ?? 0) / ticksPerSecond]];
    }));
  }

  /** From here on the system measures the peak anew (proc(5)). */
  forgetPeakMemory(): void {
    if (isLinux) writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  /** The most memory each of its processes ever had at once (VmHWM), summed, bytes. */
  peakMemory(): number | null {
    if (!isLinux) return null;
    return this.#session().reduce((sum, { pid }) => sum + Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * KiB, 0);
  }

  /** Bytes it has passed to write(2) and its kin so far: files and sockets. */
  writtenBytes(): number | null {
    const text = isLinux ? read(`/proc/${this.pid}/io`) : null;
    return text === null ? null : Number(/wchar:\s+(\d+)/.exec(text)?.[1]);
  }

  /** Ends it and everything it started: politely, and by force when that takes more than `graceMs`. */
  async stop(graceMs = 5_000): Promise<void> {
    if (this.child.pid === undefined) return;
    const family = this.#family();
    if (this.child.exitCode === null && this.child.signalCode === null) signal(this.pid, 'SIGTERM');
    await Promise.race([this.#ended, sleep(graceMs, undefined, { ref: false })]);
    this.#killAll(family);
    await this.#ended;
  }

  /** SIGKILL to all of it, now. */
  async kill(): Promise<void> {
    if (this.child.pid === undefined) return;
    this.#killAll(this.#family());
    await this.#ended;
  }

  #killAll(family: readonly ProcessState[]): void {
    if (this.child.exitCode === null && this.child.signalCode === null) signal(this.pid, 'SIGKILL');
    for (const { pid, startedAt } of [...family, ...this.#session()]) if (stateOf(pid)?.startedAt === startedAt) signal(pid, 'SIGKILL');
  }

  #session(): ProcessState[] {
    return allProcesses().filter((state) => state.session === this.pid);
  }

  /** Descendants, also those in sessions of their own. */
  #family(): ProcessState[] {
    const all = allProcesses();
    const found: ProcessState[] = [];
    const below = (pid: number): void => {
      for (const state of all) {
        if (state.parent !== pid) continue;
        found.push(state);
        below(state.pid);
      }
    };
    below(this.pid);
    return found;
  }
}

/** Ends whatever is left of this bench, by force. */
export async function stopEverything(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop(2_000)));
}
