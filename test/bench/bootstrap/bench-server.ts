import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { nodeFlags } from '../../../scripts/node-flags.mjs';
import type { LoadNode } from './load-node.ts';

const program = join(dirname(fileURLToPath(import.meta.url)), 'cli.mjs');
const readySchema = z.object({ port: z.number(), fingerprint: z.string() });

/** The real program, with limits that no benchmark comes near. */
export async function startServer(dataDir: string, ...more: readonly string[]) {
  const limitsUp = ['--request-burst', '10000000', '--requests-per-second', '1000000', '--device-request-burst', '1000000', '--device-requests-per-second', '100000',
    '--max-nodes-per-address', '100000', '--max-connections', '50000', '--max-connections-per-address', '50000', '--max-entries-per-address', '2000000', '--silence-seconds', '600'];
  const began = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, program, '--data', dataDir, 'bootstrap', '--listen', '127.0.0.1', '--port', '0', '--json', '--log-level', 'warn', ...limitsUp, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = z.tuple([z.string()]).parse(await once(createInterface({ input: child.stdout }), 'line'));
  return { child, ...readySchema.parse(JSON.parse(line)), seconds: (performance.now() - began) / 1000 };
}

/** What the server has used so far, as it says itself. */
export type Usage = () => Promise<{ cpu: number; rss: number }>;

export async function usageOf(watcher: LoadNode): ReturnType<Usage> {
  const text = await watcher.ask('GET', '/v1/metrics');
  return { cpu: Number(/^process_cpu_seconds_total (.*)$/m.exec(text)?.[1]), rss: Number(/^process_resident_memory_bytes (.*)$/m.exec(text)?.[1]) };
}
