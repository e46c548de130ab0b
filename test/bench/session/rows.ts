/** What is compared: each row is one job, done by DistriShare and by every other program that can. */
import { GiB, KiB, MiB } from '#shared/units.ts';
import { whyNoNamespaces } from '../../net/namespaces.ts';
import { discoverOnce, hashOnce, resumeOnce, swarmOnce, transferOnce, type OwnRun } from './own-runs.ts';
import { rivals, type Rival } from './rivals.ts';
import type { RunResult } from './run-result.ts';

export interface Sizes {
  readonly bigBytes: number;
  readonly smallFiles: number;
  readonly swarmBytes: number;
}

export const fullSizes: Sizes = { bigBytes: 2 * GiB, smallFiles: 10_000, swarmBytes: 256 * MiB };
const leechers = 8;
const seedLimit = 20_000_000;

export interface Row {
  readonly id: string;
  readonly title: string;
  /** What is aimed at, in words. */
  readonly goal: string;
  readonly source: 'big' | 'small' | 'swarm';
  /** In memory instead of the folder on disk. */
  readonly inMemory: boolean;
  /** Whether MB/s say more than seconds. */
  readonly asRate: boolean;
  /** Columns of this row alone: name in `extra`, heading, decimals. */
  readonly columns: readonly (readonly [key: string, heading: string, decimals: number])[];
  readonly encrypted: boolean | null;
  /** No program can be faster than this, seconds; null when there is no such bound. */
  readonly bound: number | null;
  readonly rivals: readonly Rival[];
  /** Scripts give the time to the first new byte. */
  readonly toFirst: boolean;
  /** Our runs in one turn; the fast ones are cheap to repeat. */
  readonly turns: number;
  readonly limitMs: number;
  readonly run: (run: OwnRun) => Promise<RunResult>;
  /** Why DistriShare's part cannot run here; null when it can. */
  readonly whyNot: () => string | null;
}

const plain = { source: 'big', inMemory: false, asRate: false, columns: [], encrypted: true, bound: null, toFirst: false, turns: 1, limitMs: 240_000, whyNot: () => null } as const;

export const bytesOf = (row: Row, sizes: Sizes): number => ({ big: sizes.bigBytes, small: sizes.smallFiles * 10 * KiB, swarm: sizes.swarmBytes })[row.source];
const sizeOf = (bytes: number): string => (bytes >= GiB ? `${Number((bytes / GiB).toFixed(2))} GiB` : `${Number((bytes / MiB).toFixed(1))} MiB`);

export function rowsOf(sizes: Sizes): readonly Row[] {
  const big = sizeOf(sizes.bigBytes);
  const swarm = sizeOf(sizes.swarmBytes);
  const bound = sizes.swarmBytes / seedLimit;
  return [
    {
      ...plain, id: 'big', title: `One file of ${big} to the disk`, asRate: true, rivals: rivals.big, run: transferOnce,
      goal: '1.2 times Syncthing, 1.5 times nginx HTTPS + curl, 2.2 times libtorrent v2, 2.7 times WebTorrent; then 850 MB/s with 5.0 s of CPU. Memory: 130 MB a side, then 100.',
    },
    {
      ...plain, id: 'small', title: `${sizes.smallFiles.toLocaleString('en')} files of 10 KiB to memory`, source: 'small', inMemory: true, rivals: rivals.small, run: transferOnce,
      goal: '1.1 s, then 0.5 s.',
    },
    {
      ...plain, id: 'swarm', title: `1 seed limited to 20 MB/s, ${leechers} leechers, ${swarm}`, source: 'swarm', columns: [['copies', 'copies from the seed', 2], ['first', 'first done, s', 1]], rivals: rivals.swarm,
      run: (run) => swarmOnce(run, leechers, seedLimit), bound,
      goal: `1.15 times the bound of ${bound.toFixed(1)} s (the seed sends every byte once), that is ${(1.15 * bound).toFixed(1)} s, with 1.3 copies; then 1.05 times and 1.1 copies.`,
    },
    {
      ...plain, id: 'swarm-unlimited', title: `1 seed without limit, ${leechers} leechers, ${swarm}`, source: 'swarm', columns: [['copies', 'copies from the seed', 2], ['first', 'first done, s', 1]], rivals: rivals.swarmUnlimited,
      run: (run) => swarmOnce(run, leechers, null), goal: 'as fast as libtorrent, encrypted; then 4 s.',
    },
    {
      ...plain, id: 'resume', title: `kill -9 of the receiver at half of ${big}: from the start of the new process to the first new byte`, toFirst: true, rivals: rivals.resume, run: resumeOnce,
      columns: [['again', 'fetched again, MB', 1], ['ready', 'node ready, s', 2], ['afterReady', 'ready to first byte, s', 2], ['done', 'until done, s', 2]],
      goal: '0.5 s after the node is ready, then 0.3 s; no recorded piece again, at most the request window.',
      whyNot: () => (process.platform === 'linux' ? null : 'needs /proc'),
    },
    {
      ...plain, id: 'hash', title: `Hash ${big}, from the start of the program to its end`, asRate: true, encrypted: null, rivals: rivals.hash, run: hashOnce,
      goal: '2,800 MB/s, then 3,500.',
    },
    {
      ...plain, id: 'discovery', title: 'Discovery between two machines (network namespaces), one of them up already', source: 'swarm', encrypted: null, toFirst: true, rivals: rivals.discovery, run: discoverOnce, turns: 3,
      columns: [['fromStart', 'program start to linked, s', 2]],
      goal: '100 ms, 95 % within 1 s; then 20 ms.', whyNot: whyNoNamespaces,
    },
  ];
}
