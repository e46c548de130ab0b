import { writeSync } from 'node:fs';
import { createReceiver } from '#main/disk/receive/receiver.ts';
import { BufferPool } from '#main/node/swarm/buffer-pool.ts';
import { MiB } from '#shared/units.ts';
import { sampleFile, targetOf } from './sample-file.ts';

/** A program that receives until it is killed: `FOLDER BYTES`. Prints `open` once and each piece that was answered as written. */
const [folder = '', bytes = '0'] = process.argv.slice(2);

async function main(): Promise<void> {
  const file = sampleFile(Number(bytes), 7);
  const disk = createReceiver({ workers: 1, syncPolicy: { groupBytes: 1 * MiB, groupMs: 20, directFromBytes: 0 } });
  const pool = new BufferPool(1 * MiB);
  const { handle, have, existing } = await disk.open(targetOf(file, folder, ['file']));
  writeSync(1, 'open\n');
  const missing = Array.from({ length: file.pieces }, (_, piece) => piece).filter((piece) => ((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let piece = missing[next++]; piece !== undefined; piece = missing[next++]) {
      const content = file.piece(piece);
      const buffer = pool.take(content.length);
      buffer.data.set(content);
      const outcome = await disk.write(handle, piece, buffer.data, null);
      buffer.release();
      if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome));
      writeSync(1, `${piece}\n`);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  // Killed between finishing and saying so: then it is there already.
  if (existing === null) await disk.finish(handle);
  writeSync(1, 'finished\n');
  await disk.shutdown();
}

void main();
