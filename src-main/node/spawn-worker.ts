import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Workers keep their data in shared buffers; a large nursery would only be memory that is never given back. */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };

/**
 * Starts the worker thread `NAME` from its bundle. Bundles lie beside each other, so a bundled caller finds its
 * neighbour; code run from its sources (tests) uses what the test set-up built into out/node.
 */
export function spawnWorker(name: 'receive' | 'hash' | 'node', options: WorkerOptions = {}): Worker {
  const here = import.meta.url;
  const extension = here.endsWith('.cjs') ? 'cjs' : 'mjs';
  const folder = here.endsWith('.ts') ? '../../out/node/' : './';
  return new Worker(new URL(`${folder}worker-${name}.${extension}`, here), { resourceLimits, ...options });
}
