import { once } from 'node:events';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const program = fileURLToPath(new URL('../../out/node/cli.mjs', import.meta.url));
const readySchema = z.object({ url: z.string(), port: z.int() });

export interface BootstrapProgram {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
}

export interface BootstrapOptions {
  readonly dataDir: string;
  readonly listen: string;
  /** Any by default. */
  readonly port?: number;
  /** Whether it carries connections of others; not by default. */
  readonly relay?: boolean;
}

/** The real bootstrap server, ready; whoever `spawn` belongs to ends it. */
export async function startBootstrap(spawn: (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess, { dataDir, listen, port = 0, relay = false }: BootstrapOptions): Promise<BootstrapProgram> {
  const args = [program, '--data', dataDir, 'bootstrap', '--listen', listen, '--port', String(port), '--log-level', 'error', ...(relay ? ['--relay'] : []), '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('it is piped');
  const line = await once(createInterface({ input: child.stdout }), 'line').then(String);
  return { ...readySchema.parse(JSON.parse(line)), child };
}
