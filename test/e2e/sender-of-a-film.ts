import { join } from 'node:path';
import { MiB } from '#shared/units.ts';
import type { ServedNode, Stage } from './programs.ts';
import { writeRandom } from './trees.ts';

/** Nodes find nobody by themselves: tests link them. */
export const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1', '--port', '0'];

/** A node that shares one file of several pieces with everyone. */
export async function senderOfAFilm(stage: Stage): Promise<{ sender: ServedNode; film: string }> {
  const sender = await stage.serve(['--name', 'Sender', ...quiet]);
  const film = join(await stage.folder(), 'film.bin');
  await writeRandom(film, 6 * MiB + 5);
  await sender.must('share', film, '--audience', 'everyone', '--wait');
  return { sender, film };
}
