import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Receiver } from '#main/node/ports/receiver.ts';
import { spawnWorker } from '#main/node/spawn-worker.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { systemCode } from '../disk-error.ts';
import { noteMount } from '../volume/mount-point.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { packSmallFiles, packTargets, unpackOutcomes } from './packed-files.ts';
import type { ReceiveBeginning, ReceiveCalls } from './receive-calls.ts';
import type { SyncPolicy } from './receive-world.ts';

export interface ReceiverOptions {
  /** Receiving threads; each file belongs to one of them. */
  readonly workers?: number;
  readonly syncPolicy?: Partial<SyncPolicy>;
}

/** One core stays for the links; two threads write faster than most disks. */
const defaultWorkers = (): number => Math.min(2, Math.max(1, availableParallelism() - 1));

const defaultPolicy: SyncPolicy = {
  groupBytes: limits.transfer.groupCommitBytes,
  groupMs: limits.transfer.groupCommitMs,
  reserveBytes: limits.transfer.diskReserveBytes,
  directFromBytes: limits.transfer.directFromBytes,
};

/** Starts the receiving disk. After a thread died, its files reject with `internal` or `bad-argument`: open them again. */
export function createReceiver(options: ReceiverOptions = {}): Receiver {
  const policy = { ...defaultPolicy, ...options.syncPolicy };
  const tokens = new Map<number, string>();
  const deadWriters: string[] = [];
  const mounts = new Map<string, string>();
  const slotOf = new Map<number, number>();
  let nextHandle = 1;

  function start(slot: number): ReturnType<typeof spawnWorker> {
    const token = randomBytes(8).toString('hex');
    tokens.set(slot, token);
    const beginning: ReceiveBeginning = { token, policy, deadWriters, mounts };
    const worker = spawnWorker('receive');
    worker.postMessage(beginning);
    return worker;
  }

  function died(slot: number): void {
    const token = tokens.get(slot);
    for (const [handle, itsSlot] of [...slotOf]) if (itsSlot === slot) slotOf.delete(handle);
    if (token === undefined) return;
    deadWriters.push(token);
    // A thread that dies meanwhile learns it from its own start.
    for (const caller of pool.running()) caller.call('writerDied', token).catch(() => undefined);
  }

  const pool: WorkerPool<ReceiveCalls> = new WorkerPool<ReceiveCalls>(options.workers ?? defaultWorkers(), start, died);
  const idlest = () => pool.at(pool.idlest);

  const callerOf = (handle: number) => {
    const slot = slotOf.get(handle);
    if (slot === undefined) throw new AppError('bad-argument', { name: 'handle' });
    return pool.at(slot);
  };

  return {
    async open(target, { signal, onCheck } = {}) {
      const slot = pool.idlest;
      const handle = nextHandle++;
      const opened = await pool.at(slot).call('open', { handle, target }, { signal, onProgress: onCheck });
      if (opened.existing === null) slotOf.set(handle, slot);
      return opened;
    },
    async look(target, { signal } = {}) {
      return idlest().call('look', target, { signal });
    },
    async write(handle, piece, data, pieceHash, isReadSoon = false) {
      return callerOf(handle).call('write', { handle, piece, data, pieceHash, isReadSoon });
    },
    async bindRoot(handle, root, layer) {
      return callerOf(handle).call('bindRoot', { handle, root, layer });
    },
    async finish(handle) {
      const finished = await callerOf(handle).call('finish', { handle });
      slotOf.delete(handle);
      return finished;
    },
    async close(handle) {
      const caller = callerOf(handle);
      slotOf.delete(handle);
      await caller.call('close', { handle });
    },
    async discard(handle) {
      const caller = callerOf(handle);
      slotOf.delete(handle);
      await caller.call('discard', { handle });
    },
    async discardPartial(base, path, bytes, root) {
      await idlest().call('discardPartial', { base, path, bytes, root });
    },
    async writeSmall(files) {
      const packed = packSmallFiles(files);
      return unpackOutcomes(await idlest().call('writeSmall', packed), packed.targets.names);
    },
    async existing(targets) {
      return idlest().call('existing', packTargets(targets));
    },
    async isThere(folder, name) {
      try {
        await lstat(join(folder, name));
        return true;
      } catch (thrown) {
        if (systemCode(thrown) === 'ENOENT') return false;
        throw thrown;
      }
    },
    async volume(folder) {
      return idlest().call('volume', folder);
    },
    async makeFolder(base, path) {
      await idlest().call('makeFolder', { base, path });
    },
    setMount(base, mountPoint) {
      noteMount(mounts, base, mountPoint);
      // As above: a thread that dies meanwhile learns it from its own start.
      for (const caller of pool.running()) caller.call('setMount', { base, mountPoint }).catch(() => undefined);
    },
    async flush() {
      await Promise.all(pool.running().map((caller) => caller.call('flush', null)));
    },
    async shutdown() {
      try {
        await Promise.all(pool.running().map((caller) => caller.call('shutdown', null)));
      } finally {
        slotOf.clear();
        await pool.close();
      }
    },
  };
}
