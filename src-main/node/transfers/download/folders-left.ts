import type { Receiver } from '../../ports/receiver.ts';

/** Makes empty folders that could not be made when they were listed. `left` hears which still cannot; rejects with why one cannot, after trying all. */
export async function makeFoldersLeft(receiver: Pick<Receiver, 'makeFolder'>, base: string, paths: readonly string[][], left: (paths: string[][]) => void): Promise<void> {
  const made = await Promise.allSettled(paths.map((path) => receiver.makeFolder(base, path)));
  left(paths.filter((_, at) => made[at]?.status === 'rejected'));
  for (const each of made) if (each.status === 'rejected') throw each.reason;
}
