import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { CallArgs, CallName, CallResult } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { connectLocal } from '#main/local/connect-local.ts';

const program = fileURLToPath(new URL('../../out/node/cli.mjs', import.meta.url));

const lineSchema = z.looseObject({ event: z.string().optional() });
export type Line = z.infer<typeof lineSchema>;

const readySchema = z.looseObject({ event: z.literal('ready'), deviceId: z.string(), port: z.number(), webUrl: z.string().nullable().optional() });
export type Ready = z.infer<typeof readySchema>;

export interface Outcome {
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly stderr: string;
}

/** How the program is started: directly, or inside a network namespace. */
export type Wrap = (command: string, args: readonly string[]) => readonly [string, readonly string[]];
/** A node that is told to stop takes two seconds at most; a machine may have other things to do. */
const patienceMs = 60_000;
const direct: Wrap = (command, args) => [command, args];

/** A running headless node: the real program in its own data directory. */
export class ServedNode {
  readonly dataDir: string;
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #wrap: Wrap;

  /** What the program complained about so far. */
  readonly stderr: () => string;

  constructor(dataDir: string, ready: Ready, child: ChildProcess, wrap: Wrap, stderr: () => string) {
    this.stderr = stderr;
    this.dataDir = dataDir;
    this.ready = ready;
    this.#child = child;
    this.#wrap = wrap;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs one command against this node with `--json`. */
  cli(...args: string[]): Promise<Outcome> {
    return runCli(['--data', this.dataDir, '--json', ...args], this.#wrap);
  }

  /** Like `cli`, and throws unless it succeeded; answers with the last line. */
  async must(...args: string[]): Promise<Line> {
    const outcome = await this.cli(...args);
    if (outcome.code !== 0) throw new Error(`${args.join(' ')} ended with ${outcome.code}: ${JSON.stringify(outcome.lines.slice(-3))} ${outcome.stderr}${this.stderr()}`);
    return outcome.lines.at(-1) ?? {};
  }

  /** One call of the node's contract, over the channel the command line uses. */
  async call<Name extends CallName>(name: Name, args: CallArgs<Name>): Promise<CallResult<Name>> {
    const client = await connectLocal(this.dataDir);
    try {
      return await client.call(name, args);
    } finally {
      client.close();
    }
  }

  /** Resolves with the first event from now on that `fits`. */
  async event(fits: (event: NodeEvent) => boolean): Promise<NodeEvent> {
    return (await this.listen(fits)).event;
  }

  /** Resolves when it listens; no event that `fits` is missed from then on. */
  async listen(fits: (event: NodeEvent) => boolean): Promise<{ readonly event: Promise<NodeEvent> }> {
    const client = await connectLocal(this.dataDir);
    const event = new Promise<NodeEvent>((resolve, reject) => {
      client.subscribe((each) => { if (fits(each)) resolve(each); });
      client.onClose(() => { reject(new Error(`the node went away: ${this.stderr()}`)); });
    }).finally(() => { client.close(); });
    event.catch(() => undefined);
    return { event };
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    let hung = '';
    const guard = setTimeout(() => {
      hung = `process ${this.pid} did not end after ${signal}: ${this.stderr()}\n${threadsOf(this.pid)}`;
      this.#child.kill('SIGKILL');
    }, patienceMs);
    await ended;
    clearTimeout(guard);
    if (hung !== '') throw new Error(hung);
    return this.#child.exitCode;
  }
}

/** What each thread of a process that hangs does, where the system tells. */
function threadsOf(pid: number): string {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => ['comm', 'wchan', 'syscall', 'stat'].map((file) => readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8').trim()).join(' ')).join('\n');
  } catch (error) {
    return String(error);
  }
}

export async function runCli(args: readonly string[], wrap: Wrap = direct): Promise<Outcome> {
  const [command, all] = wrap(process.execPath, [program, ...args]);
  const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  await once(child, 'close');
  const lines = stdout.split('\n').filter((line) => line !== '').map((line) => lineSchema.parse(JSON.parse(line)));
  return { code: child.exitCode, lines, stderr };
}

const running = new Set<ServedNode>();
/** Nodes that this process has started and that have not ended. */
export const runningNodes: ReadonlySet<ServedNode> = running;

/** Starts `serve` and waits until it says that it is ready. */
export async function serve(dataDir: string, args: readonly string[] = [], wrap: Wrap = direct): Promise<ServedNode> {
  const [command, all] = wrap(process.execPath, [program, 'serve', '--data', dataDir, '--json', ...args]);
  const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), once(child, 'exit').then(() => null)]);
  if (first === null) throw new Error(`serve ended at once: ${stderr}`);
  lines.on('line', () => undefined);
  const ready = readySchema.safeParse(JSON.parse(first));
  if (!ready.success) throw new Error(`serve did not start: ${first} ${stderr}`);
  const node = new ServedNode(dataDir, ready.data, child, wrap, () => stderr);
  running.add(node);
  child.once('exit', () => { running.delete(node); });
  return node;
}

/** Folders and nodes of one test, all gone when it ends. */
export class Stage {
  readonly #nodes: ServedNode[] = [];
  readonly #folders: string[] = [];

  async folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'distrishare-e2e-'));
    this.#folders.push(made);
    return made;
  }

  async serve(args: readonly string[] = [], wrap?: Wrap, dataDir?: string): Promise<ServedNode> {
    const data = dataDir ?? (await this.folder());
    const node = await serve(data, ['--port', '0', '--download-dir', join(data, 'downloads'), ...args], wrap);
    this.#nodes.push(node);
    return node;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill('SIGTERM')));
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** Two nodes on loopback that know each other by address only. */
export async function pairOfNodes(stage: Stage): Promise<{ sender: ServedNode; receiver: ServedNode }> {
  const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
  const [sender, receiver] = await Promise.all([stage.serve(['--name', 'Sender', ...quiet]), stage.serve(['--name', 'Receiver', ...quiet])]);
  await receiver.call('peers.connect', { address: `127.0.0.1:${sender.ready.port}` });
  return { sender, receiver };
}
