import { expect } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { Operation } from '../simulated/simulated-files.ts';
import { SimulatedMachine, seeded } from '../simulated/simulated-world.ts';
import { checkCompletion } from './crash-check.ts';
import { file, lives } from './receive-lives.ts';
import { Play } from './receive-play.ts';

/** What may go wrong with an operation. `short, then X`: a write takes half, the next one fails. */
const faultsOf: Readonly<Record<Operation, readonly string[]>> = {
  openFolder: ['EIO', 'EACCES', 'ENOENT'], openSubfolder: ['EIO'], makeFolder: ['ENOSPC', 'EROFS'], list: ['EIO', 'EACCES'], syncFolder: ['EIO'],
  lookup: ['EIO'], create: ['ENOSPC', 'EROFS', 'EMFILE'], open: ['EIO', 'EMFILE'], openDirect: [], isSteady: [], readLater: ['EIO', 'EINVAL'], close: [], stat: ['EIO'], isNamed: ['EIO'], read: ['EIO'],
  write: ['EIO', 'ENOSPC', 'EROFS', 'short', 'short, then ENOSPC'], writeLater: ['EIO', 'ENOSPC', 'EINVAL', 'short', 'short, then ENOSPC'], truncate: ['EIO', 'ENOSPC'], setModified: ['EIO'], setExecutable: ['EPERM'],
  syncData: ['EIO', 'ENOSPC', 'EROFS'], sync: ['EIO', 'ENOSPC', 'EROFS'], link: ['EIO', 'ENOSPC', 'EROFS'], rename: ['EIO', 'ENOSPC', 'EROFS'],
  unlink: ['EIO', 'EROFS'], freeBytes: ['EIO'], volumeKind: [],
};
/** Faults of these lose what no group commit vouches for. */
const syncs: ReadonlySet<Operation> = new Set(['syncData', 'sync']);

/** Once: the operation alone fails. Until told: from then on everything that changes the disk fails. */
const durations = ['once', 'until told'] as const;
const reading: ReadonlySet<Operation> = new Set(['openFolder', 'openSubfolder', 'list', 'lookup', 'open', 'openDirect', 'isSteady', 'stat', 'isNamed', 'read', 'readLater', 'freeBytes', 'volumeKind', 'close']);

interface Step {
  readonly operation: Operation;
  readonly name: string;
}

export function prepared(name: string, seed: number): { machine: SimulatedMachine; play: () => Play } {
  const life = lives[name];
  const machine = new SimulatedMachine(seed);
  machine.disk.dropsWhenSyncFails = true;
  if (seed % 2 === 1) machine.policy = { ...machine.policy, directFromBytes: 0 };
  for (const [path, text] of Object.entries(life?.foreign ?? {})) {
    if (path.startsWith('/base/sub/') && machine.disk.at('/base/sub') === undefined) machine.disk.putFolder('/base/sub');
    machine.disk.put(path, new TextEncoder().encode(text));
  }
  life?.prepare?.(machine);
  return { machine, play: () => new Play(machine, file, life?.there) };
}

/** Every operation of an undisturbed life, in order. */
async function stepsOf(name: string, seed: number): Promise<Step[]> {
  const { machine, play } = prepared(name, seed);
  const steps: Step[] = [];
  const player = play();
  machine.disk.fault = (operation, what, phase) => {
    player.begins(operation, what, phase);
    if (phase === 'start') steps.push({ operation, name: what });
    return null;
  };
  await lives[name]?.run(player, seeded(seed));
  return steps;
}

export function assertClear(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  // A life that does not know that pieces were forgotten meanwhile.
  if (error.code === 'bad-argument' && error.params?.['detail'] === 'not complete') return;
  expect(['disk-full', 'no-permission', 'disk-error', 'folder-gone', 'file-missing', 'file-locked', 'too-many-open-files'], error.message).toContain(error.code);
}

export interface FaultCount {
  faults: number;
}

/** One life in which one operation goes wrong; then the cause is mended, and the file is opened again and finished. */
async function suffer(name: string, seed: number, at: number, step: Step, code: string, duration: (typeof durations)[number], isSameProcess: boolean): Promise<void> {
  const life = lives[name];
  const { machine, play } = prepared(name, seed);
  const player = play();
  const [first, then] = code.split(', then ');
  let count = 0;
  let isBroken = false;
  machine.disk.fault = (operation, what, phase) => {
    player.begins(operation, what, phase);
    const isIt = phase === 'start' && count++ === at;
    if (isIt) {
      isBroken = true;
      return first ?? null;
    }
    if (!isBroken || reading.has(operation)) return null;
    if (then !== undefined && phase === 'start' && count === at + 2) return then;
    return duration === 'until told' && first !== 'short' ? code : null;
  };
  const random = seeded(seed * 7 + at);
  await life?.run(player, seeded(seed)).catch(assertClear);
  for (const error of await player.stop()) assertClear(error);
  expect(machine.disk.handles.size, 'nothing is left open').toBe(0);
  machine.disk.fault = () => null;
  // A process that lives on tidies up when it can again.
  if (isSameProcess) machine.ring();
  else machine.kill();
  const { known } = player;
  const isLost = syncs.has(step.operation) || duration === 'until told';
  if (life !== undefined) await checkCompletion({ machine, ending: 'kill', known: isLost ? { ...known, written: known.safe } : known, life, random });
}

/** Lets every `every`-th operation of a life fail, in each way. Throws at the first broken promise. */
export async function exploreFaults(name: string, seed: number, every: number, found: FaultCount): Promise<void> {
  const steps = await stepsOf(name, seed);
  for (const [at, step] of steps.entries()) {
    if ((at + seed) % every !== 0) continue;
    // A lock that does not say for which content makes a second opening in the same process begin under another name.
    const isMuteLock = name.startsWith('provisional') && step.operation === 'unlink' && step.name.endsWith('.lock');
    for (const code of faultsOf[step.operation]) {
      for (const duration of durations) {
        for (const isSameProcess of isMuteLock ? [] : [true, false]) {
          found.faults++;
          try {
            await suffer(name, seed, at, step, code, duration, isSameProcess);
          } catch (error) {
            throw new Error(`seed ${seed}, “${name}”, ${code} ${duration} at ${at} (${step.operation} ${step.name}), ${isSameProcess ? 'same process' : 'next process'}`, { cause: error });
          }
        }
      }
    }
  }
}
