import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseJournal } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/sha256.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { serve, type ServedNode, type Stage } from './programs.ts';
import { sha256Of } from './trees.ts';
import { untilDone } from './until.ts';

const quiet = ['--port', '0', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
/** The least there is: what may be requested and not yet recorded when the receiver dies. */
const windowBytes = 4 * MiB;
const pieceBytes = 1 * MiB;

/** One run of the receiver, from a start to its kill or to the end of the download. */
export interface Life {
  /** Bytes the sender gave it. */
  readonly served: Bytes;
  /** Bytes that were not recorded when it began. */
  readonly missing: Bytes;
  /** Bytes it recorded. */
  readonly recorded: Bytes;
}

export interface KillReport {
  readonly kills: number;
  readonly identical: boolean;
  /** Kills after which a piece that had been recorded before was not recorded any more. */
  readonly forgotten: number;
  /**
   * Lives in which the sender gave more than was recorded in them and the request window: a recorded piece was fetched
   * again. The last life has no kill at its end; what it is given is what was missing, to the byte.
   */
  readonly refetched: readonly Life[];
  /** Bytes that were given and not recorded before the kills: what crashes cost. */
  readonly wasted: Bytes;
  /** Bytes given in the last life beyond what was missing. */
  readonly surplus: Bytes;
  readonly seconds: number;
}

/**
 * Downloads one file while the receiver is killed with SIGKILL at random moments, again and again, and then left to
 * finish. The upload limit keeps the download long enough to be killed often. What is recorded is read from the journal
 * on disk while nobody runs; what was fetched is counted by the sender.
 */
export async function killReceiverWhileDownloading(stage: Stage, options: { sender: ServedNode; path: string; source: string; kills: number; seed: number; maxWaitMs: number }): Promise<KillReport> {
  const { sender, path, source } = options;
  const random = seeded(options.seed);
  const dataDir = await stage.folder();
  const to = await stage.folder();
  const name = path.slice(path.lastIndexOf('/') + 1);
  const total = (await stat(source)).size;
  const started = performance.now();
  const begin = async (): Promise<ServedNode> => {
    const node = await serve(dataDir, [...quiet, '--name', 'Killed', '--download-dir', join(dataDir, 'downloads')]);
    await node.call('peers.connect', { address: `127.0.0.1:${sender.ready.port}` });
    return node;
  };
  // The budget is read at the start.
  const first = await serve(dataDir, quiet);
  await first.call('settings.set', { patch: { receiveBudget: windowBytes } });
  await first.kill('SIGTERM');

  let node = await begin();
  const { id } = await node.call('transfers.start', { source: { kind: 'path', peer: 'Sender', path }, to });
  const served = countServed(sender, node.ready.deviceId);
  const lives: Life[] = [];
  let forgotten = 0;
  let before: ReadonlySet<number> = new Set();
  const lifeUntil = async (after: ReadonlySet<number>): Promise<Life> => {
    const [had, has] = [bytesOf(before, total), bytesOf(after, total)];
    return { served: await served(), missing: total - had, recorded: has - had };
  };
  try {
    while (lives.length < options.kills) {
      await new Promise((resolve) => { setTimeout(resolve, random() * options.maxWaitMs); });
      await node.kill('SIGKILL');
      await untilGone(sender, node.ready.deviceId);
      const after = await recordedPieces(to, name);
      if (after === 'finished') {
        node = await begin();
        break;
      }
      lives.push(await lifeUntil(after));
      if ([...before].some((piece) => !after.has(piece))) forgotten++;
      before = after;
      node = await begin();
    }
    await sender.call('settings.set', { patch: { uploadLimit: 'off' } });
    await untilDone(node, id);
    const last = await lifeUntil(new Set(Array.from({ length: Math.ceil(total / pieceBytes) }, (_, piece) => piece)));
    return {
      kills: lives.length, forgotten, seconds: (performance.now() - started) / 1000,
      identical: (await sha256Of(join(to, name))) === (await sha256Of(source)),
      refetched: [...lives, last].filter((life) => life.served > life.recorded + windowBytes),
      wasted: lives.reduce((sum, life) => sum + life.served - life.recorded, 0),
      surplus: last.served - last.missing,
    };
  } finally {
    await node.kill('SIGTERM');
  }
}

/** What is recorded of a file that nobody has open. */
async function recordedPieces(folder: string, name: string): Promise<ReadonlySet<number> | 'finished'> {
  const there = await readdir(folder);
  if (!there.includes(`${name}.progress`)) return there.includes(name) ? 'finished' : new Set();
  const parsed = parseJournal(new Uint8Array(await readFile(join(folder, `${name}.progress`))), sha256);
  return new Set(parsed.kind === 'journal' ? parsed.journal.pieces.keys() : []);
}

function bytesOf(pieces: ReadonlySet<number>, total: Bytes): Bytes {
  const last = Math.ceil(total / pieceBytes) - 1;
  return pieces.size * pieceBytes - (pieces.has(last) ? (last + 1) * pieceBytes - total : 0);
}

/** Gives the bytes a sender has given to a device since it was asked last. */
function countServed(sender: ServedNode, device: string): () => Promise<Bytes> {
  const seen = new Map<string, Bytes>();
  return async () => {
    const { transfers } = await sender.call('transfers.list', {});
    let bytes = 0;
    for (const upload of transfers) {
      if (upload.direction !== 'up' || !upload.peers.some((peer) => peer === device)) continue;
      bytes += upload.bytes - (seen.get(upload.id) ?? 0);
      seen.set(upload.id, upload.bytes);
    }
    return bytes;
  };
}

/** The sender has noticed that the receiver is gone: nothing more is counted as given. */
async function untilGone(sender: ServedNode, device: string): Promise<void> {
  await expect.poll(async () => (await sender.call('peers.list', {})).filter(({ id, online }) => id === device && online), { interval: 5 }).toEqual([]);
}
