/** Folders and programs of one run: all gone when it ends, whether it came to its end, failed or took too long. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchNode, quiet } from './bench-node.ts';
import { machineCpuSeconds } from './processes.ts';
import type { RunResult } from './run-result.ts';

type Usage = Pick<RunResult, 'senderCpu' | 'receiverCpu' | 'senderMemory' | 'receiverMemory' | 'otherCpu'>;

const sum = (values: readonly (number | null)[]): number | null => values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
const minus = (one: number | null, other: number | null): number | null => (one === null || other === null ? null : Math.max(0, one - other));

export class Stage {
  readonly #nodes: BenchNode[] = [];
  readonly #folders: string[] = [];
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #base: string;

  /** `base`: the folder that everything of this run lies in. */
  constructor(base: string) {
    this.#base = base;
  }

  async folder(): Promise<string> {
    const made = await mkdtemp(join(this.#base, 'run-'));
    this.#folders.push(made);
    return made;
  }

  /** A node on loopback with a fresh data directory, unless `dataDir` names one. */
  async node(name: string, dataDir?: string, args: readonly string[] = [...quiet, '--port', '0'], inside: readonly string[] = []): Promise<BenchNode> {
    const node = await BenchNode.start(dataDir ?? (await this.folder()), name, args, { inside });
    this.#nodes.push(node);
    return node;
  }

  onClose(close: () => Promise<void>): void {
    this.#closers.unshift(close);
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.program.stop()));
    for (const close of this.#closers) await close();
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** Counts from now: the function it gives tells what both sides and the rest of the machine used since. Memory of several is that of the largest. */
export function startCounting(senders: readonly BenchNode[], receivers: readonly BenchNode[]): () => Usage {
  const cpu = (nodes: readonly BenchNode[]): number | null => sum(nodes.map((node) => node.program.cpuSeconds()));
  const memory = (nodes: readonly BenchNode[]): number | null => {
    const peaks = nodes.flatMap((node) => node.program.peakMemory() ?? []);
    return peaks.length === 0 ? null : Math.max(...peaks);
  };
  const before = { sender: cpu(senders), receiver: cpu(receivers), machine: machineCpuSeconds() };
  return () => {
    const [senderCpu, receiverCpu] = [minus(cpu(senders), before.sender), minus(cpu(receivers), before.receiver)];
    const otherCpu = minus(minus(machineCpuSeconds(), before.machine), sum([senderCpu, receiverCpu]));
    return { senderCpu, receiverCpu, senderMemory: memory(senders), receiverMemory: memory(receivers), otherCpu };
  };
}
