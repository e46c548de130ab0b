import { join } from 'node:path';
import { z } from 'zod';
import { isTransferId } from '#shared/ids.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { serve, type ServedNode, type Stage } from './programs.ts';
import { sha256Of } from './trees.ts';

const quiet = ['--port', '0', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
const transferSchema = z.looseObject({ id: z.string().refine(isTransferId), state: z.string(), doneBytes: z.number(), bytes: z.number() });

export interface KillReport {
  readonly kills: number;
  readonly identical: boolean;
  /** Kills after which less was verified than before: a recorded piece that would be fetched again. */
  readonly refetched: readonly { readonly before: number; readonly after: number }[];
  readonly seconds: number;
}

/**
 * Downloads one file while the receiver is killed with SIGKILL at random moments, again and again, and then left to
 * finish. The upload limit keeps the download long enough to be killed often.
 */
export async function killReceiverWhileDownloading(stage: Stage, options: { sender: ServedNode; path: string; source: string; kills: number; seed: number; maxWaitMs: number }): Promise<KillReport> {
  const random = seeded(options.seed);
  const dataDir = await stage.folder();
  const to = await stage.folder();
  const started = performance.now();
  const begin = async (): Promise<ServedNode> => {
    const node = await serve(dataDir, [...quiet, '--name', 'Killed', '--download-dir', join(dataDir, 'downloads')]);
    await node.must('connect', `127.0.0.1:${options.sender.ready.port}`);
    return node;
  };
  let node = await begin();
  await node.must('get', 'Sender', options.path, '--to', to, '--no-wait');
  let kills = 0;
  const refetched: { before: number; after: number }[] = [];
  try {
    while (kills < options.kills && (await progressOf(node)).state !== 'done') {
      await new Promise((resolve) => { setTimeout(resolve, random() * options.maxWaitMs); });
      const before = (await progressOf(node)).doneBytes;
      await node.kill('SIGKILL');
      kills++;
      node = await begin();
      const after = await firstProgress(node);
      if (after < before) refetched.push({ before, after });
    }
    await options.sender.must('settings', 'uploadLimit', 'off');
    for (;;) {
      const { state } = await progressOf(node);
      if (state === 'done') break;
      if (state === 'failed' || state === 'cancelled') throw new Error(`the download ended as ${state}`);
    }
    const identical = (await sha256Of(join(to, options.path.slice(options.path.lastIndexOf('/') + 1)))) === (await sha256Of(options.source));
    return { kills, identical, refetched, seconds: (performance.now() - started) / 1000 };
  } finally {
    await node.kill('SIGTERM');
  }
}

/** What counts as verified once the file is open again. */
async function firstProgress(node: ServedNode): Promise<number> {
  for (;;) {
    const { state, doneBytes } = await progressOf(node);
    if (doneBytes > 0 || state === 'done') return doneBytes;
  }
}

async function progressOf(node: ServedNode): Promise<z.infer<typeof transferSchema>> {
  const { lines } = await node.cli('transfers', '--all');
  const line = lines.find((candidate) => 'state' in candidate && 'doneBytes' in candidate);
  return transferSchema.parse(line);
}
