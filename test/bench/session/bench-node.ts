/** A headless node of the built program, measured from outside. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import * as z from 'zod';
import { nodeFlags } from '../../../scripts/node-flags.mjs';
import { connectLocal } from '#main/local/connect-local.ts';
import type { ApiClient } from '#shared/api/client.ts';
import type { TransferSource } from '#shared/api/contract.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { Program } from './processes.ts';

/** Bundled beside this program. */
const cli = join(import.meta.dirname, 'cli.mjs');
const readySchema = z.looseObject({ event: z.literal('ready'), port: z.number(), deviceId: z.string() });

/** Discovery off, loopback only: nodes are linked by address. */
export const quiet = ['--no-multicast', '--no-mdns', '--listen', '127.0.0.1'];

export class BenchNode {
  readonly program: Program;
  readonly api: ApiClient;
  readonly port: number;
  readonly deviceId: string;
  /** When the line `ready` was read, milliseconds since the epoch. */
  readonly readyAt: number;
  /** Payload bytes this node uploaded, by its own lines of uploads; a line is forgotten by the node some time after its last byte. */
  readonly #uploads = new Map<string, number>();

  private constructor(program: Program, api: ApiClient, ready: z.infer<typeof readySchema>, readyAt: number) {
    this.program = program;
    this.api = api;
    this.port = ready.port;
    this.deviceId = ready.deviceId;
    this.readyAt = readyAt;
    api.subscribe((event) => { if (event.type === 'transfer') this.#note(event.transfer); });
  }

  /** Starts `serve` as `npm start` does and waits until it is ready. `inside`: the command that runs it in a network namespace; `flags`: more flags for Node. */
  static async start(dataDir: string, name: string, args: readonly string[], { inside = [], flags = [] }: { inside?: readonly string[]; flags?: readonly string[] } = {}): Promise<BenchNode> {
    const [command = process.execPath, ...all] = [...inside, process.execPath, ...process.execArgv, ...nodeFlags, ...flags, cli, 'serve', '--data', dataDir, '--json', '--name', name, '--download-dir', join(dataDir, 'downloads'), '--no-web', ...args];
    const program = new Program(command, all, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    program.child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-2_000); });
    if (program.child.stdout === null) throw new Error('no output of the node');
    const lines = createInterface({ input: program.child.stdout });
    const line = await Promise.race([once(lines, 'line').then(([text]) => String(text)), program.ended().then(() => null)]);
    const readyAt = Date.now();
    if (line === null) throw new Error(`the node ended at once: ${stderr}`);
    lines.on('line', () => undefined);
    const ready = readySchema.parse(JSON.parse(line));
    return new BenchNode(program, await connectLocal(dataDir), ready, readyAt);
  }

  async connect(other: BenchNode): Promise<void> {
    await this.api.call('peers.connect', { address: `127.0.0.1:${other.port}` });
  }

  /** Shares a file or folder; done when it is hashed. */
  async share(path: string, kind: 'everyone' | 'public' = 'everyone'): Promise<void> {
    const { id } = await this.api.call('shares.add', { path, audience: { kind } });
    await this.api.call('shares.whenHashed', { id });
  }

  /** Starts a download; `done` resolves with its last state when every byte is durable, and rejects when it cannot go on. */
  async get(source: TransferSource, to: string): Promise<{ id: Transfer['id']; done: Promise<Transfer> }> {
    const seen = new Map<string, Transfer>();
    let look = (): void => undefined;
    this.api.subscribe((event) => {
      if (event.type !== 'transfer') return;
      seen.set(event.transfer.id, event.transfer);
      look();
    });
    const { id } = await this.api.call('transfers.start', { source, to });
    const done = new Promise<Transfer>((resolve, reject) => {
      look = () => {
        const transfer = seen.get(id);
        if (transfer?.state === 'done') resolve(transfer);
        if (transfer?.state === 'failed' || transfer?.state === 'cancelled') reject(new Error(`the download ended as ${transfer.state}: ${transfer.reason?.code ?? ''}`));
      };
      this.api.onClose(() => { reject(new Error('the node went away')); });
      look();
    });
    // Nobody may wait any more when the run is given up.
    done.catch(() => undefined);
    return { id, done };
  }

  /** Resolves with the download's last state when it is done, whoever started it. */
  async whenDone(id: Transfer['id']): Promise<Transfer> {
    return new Promise((resolve, reject) => {
      const look = (transfer: Transfer): void => { if (transfer.id === id && transfer.state === 'done') resolve(transfer); };
      this.api.subscribe((event) => { if (event.type === 'transfer') look(event.transfer); });
      this.api.onClose(() => { reject(new Error('the node went away')); });
      this.api.call('transfers.get', { id }).then(({ transfer }) => { look(transfer); }, reject);
    });
  }

  /** Payload bytes uploaded so far. */
  async uploadedBytes(): Promise<number> {
    const { transfers } = await this.api.call('transfers.list', { finished: false });
    for (const transfer of transfers) this.#note(transfer);
    return [...this.#uploads.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** What is told of an upload that ended are its files, and not what went out. */
  #note({ id, direction, doneBytes, finishedAt }: Transfer): void {
    if (direction === 'up' && finishedAt === null) this.#uploads.set(id, doneBytes);
  }
}
