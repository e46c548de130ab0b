import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJournal } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { KilledReceiver, windowBytes, type Life } from './killed-receiver.ts';
import { mostTestBytes } from './origin-tests.ts';
import type { ServedNode, Stage } from './programs.ts';
import { sha256Of } from './trees.ts';
import { untilDone } from './until.ts';

const pieceBytes = 1 * MiB;

export interface KillReport {
  readonly kills: number;
  readonly identical: boolean;
  /** Kills after which a piece that had been recorded before was not recorded any more. */
  readonly forgotten: number;
  /**
   * Lives in which the sender gave more than was recorded in them and the request window: a recorded piece was fetched
   * again. The last life has no kill at its end; what it is given is what was missing, to the byte, and tests of what was not.
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
  const to = await stage.folder();
  const name = path.slice(path.lastIndexOf('/') + 1);
  const total = (await stat(source)).size;
  const started = performance.now();
  const receiver = await KilledReceiver.start(stage, sender);
  const { id } = await receiver.node.call('transfers.start', { source: { kind: 'path', peer: 'Sender', path }, to });
  const lives: Life[] = [];
  let forgotten = 0;
  let before: ReadonlySet<number> = new Set();
  const lifeUntil = async (after: ReadonlySet<number>): Promise<Life> => {
    const [had, has] = [bytesOf(before, total), bytesOf(after, total)];
    return { served: await receiver.served(), missing: total - had, recorded: has - had };
  };
  try {
    while (lives.length < options.kills) {
      await new Promise((resolve) => { setTimeout(resolve, random() * options.maxWaitMs); });
      await receiver.kill();
      const after = await recordedPieces(to, name);
      if (after === 'finished') {
        await receiver.startAgain();
        break;
      }
      lives.push(await lifeUntil(after));
      if ([...before].some((piece) => !after.has(piece))) forgotten++;
      before = after;
      await receiver.startAgain();
    }
    await sender.call('settings.set', { patch: { uploadLimit: 'off' } });
    await untilDone(receiver.node, id);
    const last = await lifeUntil(new Set(Array.from({ length: Math.ceil(total / pieceBytes) }, (_, piece) => piece)));
    return {
      kills: lives.length, forgotten, seconds: (performance.now() - started) / 1000,
      identical: (await sha256Of(join(to, name))) === (await sha256Of(source)),
      refetched: [...lives.filter((life) => life.served > life.recorded + windowBytes), ...(last.served > last.missing + mostTestBytes(before.size) ? [last] : [])],
      wasted: lives.reduce((sum, life) => sum + life.served - life.recorded, 0),
      surplus: last.served - last.missing,
    };
  } finally {
    await receiver.end();
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
