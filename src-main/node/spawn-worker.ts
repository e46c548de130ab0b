import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Threads for disks keep their data in shared buffers; a large nursery would only be memory that is never given back. */
const youngMb = { receive: 3, hash: 3, node: 6 };

let begin: () => () => void = () => () => undefined;
let starting = 0;
let end = begin();

/** `before` is called before a thread starts, and what it gives when that thread has answered or ended: with several at once, before the first and after the last. */
export function aroundThreadStarts(before: () => () => void): void {
  begin = before;
}

/**
 * Starts the worker thread `NAME` from its bundle. Bundles lie beside each other, so a bundled caller finds its
 * neighbour; code run from its sources (tests) uses what the test set-up built into out/node.
 */
export function spawnWorker(name: 'receive' | 'hash' | 'node', options: WorkerOptions = {}): Worker {
  const here = import.meta.url;
  const extension = here.endsWith('.cjs') ? 'cjs' : 'mjs';
  const folder = here.endsWith('.ts') ? '../../out/node/' : './';
  if (starting++ === 0) end = begin();
  const worker = new Worker(new URL(`${folder}worker-${name}.${extension}`, here), { resourceLimits: { maxYoungGenerationSizeMb: youngMb[name] }, ...options });
  const started = (): void => {
    worker.off('message', started).off('exit', started);
    if (--starting === 0) end();
  };
  return worker.once('message', started).once('exit', started);
}
