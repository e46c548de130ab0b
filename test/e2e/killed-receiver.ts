import { join } from 'node:path';
import { expect } from 'vitest';
import { MiB, type Bytes } from '#shared/units.ts';
import { runCli, serve, type ServedNode, type Stage } from './programs.ts';

const quiet = ['--port', '0', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
/** The least there is: what may be requested and not yet recorded when the receiver dies. */
export const windowBytes = 4 * MiB;

/** One run of the receiver, from a start to its kill or to the end of the download. */
export interface Life {
  /** Bytes the sender gave it. */
  readonly served: Bytes;
  /** Bytes that were not recorded when it began. */
  readonly missing: Bytes;
  /** Bytes it recorded. */
  readonly recorded: Bytes;
}

/** A node that is killed with SIGKILL and started again, with the same data, as often as wanted; and what its sender gave it. */
export class KilledReceiver {
  readonly dataDir: string;
  readonly #sender: ServedNode;
  #node: ServedNode;
  /** Bytes given by each upload of the sender, as of the last look. */
  readonly #seen = new Map<string, Bytes>();

  private constructor(sender: ServedNode, node: ServedNode) {
    this.dataDir = node.dataDir;
    this.#sender = sender;
    this.#node = node;
  }

  /** Its first start. */
  static async start(stage: Stage, sender: ServedNode): Promise<KilledReceiver> {
    const dataDir = await stage.folder();
    // The budget is read at the start.
    const first = await serve(dataDir, quiet);
    await first.call('settings.set', { patch: { receiveBudget: windowBytes } });
    await first.kill('SIGTERM');
    return new KilledReceiver(sender, await begin(dataDir, sender));
  }

  get node(): ServedNode {
    return this.#node;
  }

  async kill(): Promise<void> {
    await this.#node.kill('SIGKILL');
    await this.#untilGone();
  }

  async startAgain(): Promise<void> {
    this.#node = await begin(this.dataDir, this.#sender);
  }

  /** While it does not run: a start that does not get far. It may find its sender by itself. */
  async dieWhileStarting(afterMs: number): Promise<void> {
    // A timeout of nothing would be none.
    const seconds = (Math.max(1, afterMs) / 1000).toFixed(3);
    await runCli(['serve', '--data', this.dataDir, '--json', ...argumentsOf(this.dataDir)], (command, args) => ['timeout', ['--signal=KILL', seconds, command, ...args]]);
    await this.#untilGone();
  }

  /** The sender has noticed: nothing more is counted as given. */
  async #untilGone(): Promise<void> {
    await expect.poll(async () => (await this.#sender.call('peers.list', {})).filter(({ id, online }) => id === this.#device && online), { interval: 5 }).toEqual([]);
  }

  async end(): Promise<void> {
    await this.#node.kill('SIGTERM');
  }

  /** Bytes the sender has given it since this was asked last. */
  async served(): Promise<Bytes> {
    const { transfers } = await this.#sender.call('transfers.list', { finished: false });
    let bytes = 0;
    for (const upload of transfers) {
      if (upload.direction !== 'up' || !upload.peers.some((peer) => peer === this.#device)) continue;
      bytes += upload.bytes - (this.#seen.get(upload.id) ?? 0);
      this.#seen.set(upload.id, upload.bytes);
    }
    return bytes;
  }

  get #device(): string {
    return this.#node.ready.deviceId;
  }
}

const argumentsOf = (dataDir: string): string[] => [...quiet, '--name', 'Killed', '--download-dir', join(dataDir, 'downloads')];

async function begin(dataDir: string, sender: ServedNode): Promise<ServedNode> {
  const node = await serve(dataDir, argumentsOf(dataDir));
  await node.call('peers.connect', { address: `127.0.0.1:${sender.ready.port}` });
  return node;
}
