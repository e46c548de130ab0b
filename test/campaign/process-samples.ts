import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MiB } from '#shared/units.ts';

/** What a running process holds. */
export interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly handles: number;
  readonly threads: number;
  /** Timers of the main thread that are under way. */
  readonly timers: number;
}

/** Loaded into every node: on SIGUSR2 it writes what keeps its main thread busy. */
const counter = (folder: string): string => `
const { writeFileSync, renameSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');
const file = ${JSON.stringify(folder)} + '/' + process.pid;
if (isMainThread && process.argv.includes('serve')) process.on('SIGUSR2', () => {
  writeFileSync(file + '.new', String(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length));
  renameSync(file + '.new', file);
});
`;

/** Looks at processes from outside (Linux). */
export class ProcessSampler {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** From now on every node that is started can be asked for its timers. */
  static async prepare(folder: string): Promise<ProcessSampler> {
    const script = join(folder, 'count-timers.cjs');
    await writeFile(script, counter(folder));
    process.env['NODE_OPTIONS'] = `--require=${script}`;
    return new ProcessSampler(folder);
  }

  async sample(pid: number, atMs: number): Promise<Sample> {
    process.kill(pid, 'SIGUSR2');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN);
    const handles = (await readdir(`/proc/${pid}/fd`)).length;
    // Of this signal or the one before: both will do.
    const timers = Number(await readFile(join(this.#folder, String(pid)), 'utf8').catch(() => NaN));
    return { atMs, rssBytes: field('VmRSS') * 1024, handles, threads: field('Threads'), timers };
  }
}

/** How much a quantity grows over the samples, by the line that fits them best. */
function growthOf(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const points = samples.map((sample) => [sample.atMs, of(sample)] as const).filter(([, value]) => Number.isFinite(value));
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return slope * ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0));
}

const least = (samples: readonly Sample[], of: (sample: Sample) => number): number => Math.min(...samples.map(of).filter(Number.isFinite));
const median = (samples: readonly Sample[], of: (sample: Sample) => number): number => samples.map(of).filter(Number.isFinite).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;

/** What may be added over the second two thirds of a run; the least count of each half is compared, so work under way does not matter. */
const allowed = { rssBytes: 24 * MiB, handles: 2, threads: 0, timers: 2 };

/** Figures of one process after its warm-up, in a line, and what of it grew. */
export function judge(name: string, all: readonly Sample[]): { line: string; grew: string[] } {
  const samples = all.slice(Math.floor(all.length / 3));
  const half = Math.floor(samples.length / 2);
  const mib = (bytes: number): string => (bytes / MiB).toFixed(1);
  const rss = growthOf(samples, (sample) => sample.rssBytes);
  const added = (of: (sample: Sample) => number): number => least(samples.slice(half), of) - least(samples.slice(0, half), of);
  const counts = { handles: added((sample) => sample.handles), threads: added((sample) => sample.threads), timers: added((sample) => sample.timers) };
  const line = `${name}: ${samples.length} samples; RSS median ${mib(median(samples, (sample) => sample.rssBytes))} MiB, trend ${mib(rss)} MiB; ` +
    `handles median ${median(samples, (sample) => sample.handles)}, ${counts.handles} more; threads ${median(samples, (sample) => sample.threads)}, ${counts.threads} more; ` +
    `timers ${median(samples, (sample) => sample.timers)}, ${counts.timers} more`;
  const grew = [
    ...(rss > allowed.rssBytes ? ['memory'] : []),
    ...(counts.handles > allowed.handles ? ['handles'] : []),
    ...(counts.threads > allowed.threads ? ['threads'] : []),
    ...(counts.timers > allowed.timers ? ['timers'] : []),
  ];
  return { line, grew: grew.map((what) => `${name}: ${what}`) };
}
