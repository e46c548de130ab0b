import { randomBytes } from 'node:crypto';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { Merkle } from '#main/core/content/merkle.ts';
import { toHex } from '#shared/ids.ts';
import { sha256 } from '../hash/sha256.ts';
import { realFiles } from '../real-files.ts';
import { isMountAway, noteMount } from '../volume/mount-point.ts';
import { answerCalls } from '../workers/worker-calls.ts';
import { packOutcomes, unpackSmallFiles, unpackTargets } from './packed-files.ts';
import { isRunning, processStart, systemBootId } from './process-identity.ts';
import type { ReceiveBeginning, ReceiveCalls } from './receive-calls.ts';
import { markReceived } from './received-mark.ts';
import { ReceiveDisk } from './receive-disk.ts';
import type { ReceiveWorld } from './receive-world.ts';

function realWorld({ token, policy }: ReceiveBeginning, deadWriters: ReadonlySet<string>, mounts: ReadonlyMap<string, string>): ReceiveWorld {
  const bootId = systemBootId();
  const boot = bootId === null ? null : toHex(bootId);
  return {
    files: realFiles,
    writer: { token, pid: process.pid, start: processStart(process.pid), boot },
    runs: (holder) => !deadWriters.has(holder.token) && holder.boot === boot && isRunning(holder.pid, holder.start),
    now: () => Date.now(),
    elapsed: () => performance.now(),
    sha256,
    merkle: new Merkle(sha256),
    bootId,
    isAway: (base) => {
      const mountPoint = mounts.get(base);
      return mountPoint !== undefined && isMountAway(mountPoint);
    },
    mark: markReceived(process.platform, Date.now),
    policy,
    randomBytes: (count) => Uint8Array.from(randomBytes(count)),
    random: () => Math.random(),
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
    later: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
}

function begin(port: MessagePort, beginning: ReceiveBeginning): void {
  const deadWriters = new Set(beginning.deadWriters);
  const mounts = new Map(beginning.mounts);
  const disk = new ReceiveDisk(realWorld(beginning, deadWriters, mounts));
  answerCalls<ReceiveCalls>(port, {
    open: ({ handle, target }, context) => disk.open(handle, target, { signal: context.signal, onCheck: (bytes) => context.progress(bytes) }),
    look: (target, context) => disk.look(target, context.signal),
    write: ({ handle, piece, data, pieceHash, isReadSoon }) => disk.write(handle, piece, data, pieceHash, isReadSoon),
    bindRoot: ({ handle, root, layer }) => disk.bindRoot(handle, root, layer),
    finish: ({ handle }) => disk.finish(handle),
    close: ({ handle }) => disk.close(handle),
    discard: ({ handle }) => disk.discard(handle),
    discardPartial: ({ base, path, bytes, root }) => disk.discardPartial(base, path, bytes, root),
    writeSmall: async (files) => packOutcomes(await disk.writeSmall(unpackSmallFiles(files)), files.targets.names),
    existing: (targets, context) => disk.existing(unpackTargets(targets), context.signal),
    volume: (folder) => disk.volume(folder),
    makeFolder: ({ base, path }) => disk.makeFolder(base, path),
    flush: () => disk.flush(),
    shutdown: () => disk.shutdown(),
    setMount: ({ base, mountPoint }) => {
      noteMount(mounts, base, mountPoint);
    },
    writerDied: (token) => {
      deadWriters.add(token);
    },
  });
}

if (parentPort === null) throw new Error('runs in a worker thread only');
const port = parentPort;
// Both ends are code of one build, as for all that follows: typed, not parsed.
port.once('message', (beginning: ReceiveBeginning) => { begin(port, beginning); });
