import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeApi } from '#shared/api/node-api.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { writeSampleContent } from './demo-content.ts';

/** What is needed of a node that was started as the neighbour. */
interface NeighbourNode {
  readonly api: Pick<NodeApi, 'call'>;
  readonly deviceId: DeviceId;
  close(): Promise<void>;
}

export interface DemoPorts {
  readonly dataDir: string;
  readonly ownId: DeviceId;
  readonly ownPort: number;
  readonly startNode: (options: { readonly dataDir: string; readonly listen: string; readonly overrides: SettingsPatch }) => Promise<NeighbourNode>;
  /** Takes it off the list of people: it never comes back as the same device. */
  readonly forget: (id: DeviceId) => Promise<void>;
  /** A name for the neighbour, in the user's words. */
  readonly name: string;
  readonly onChange: () => void;
}

/**
 * A second node on this machine with something to browse, search and download, and that takes whatever is sent to it, so
 * that one person can try everything. It is linked over loopback only and leaves nothing behind when it goes.
 */
export class DemoNeighbour {
  readonly #ports: DemoPorts;
  readonly #folder: string;
  #state: NodeStatus['demo'] = 'off';
  #node: NeighbourNode | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(ports: DemoPorts) {
    this.#ports = ports;
    this.#folder = join(ports.dataDir, 'demo');
  }

  get state(): NodeStatus['demo'] {
    return this.#state;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#node !== null) return;
      this.#become('starting');
      try {
        await this.#run();
        this.#become('on');
      } catch (error) {
        await this.#end();
        throw error;
      }
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#end());
  }

  async #run(): Promise<void> {
    const { ownId, ownPort, name, startNode } = this.#ports;
    await rm(this.#folder, { recursive: true, force: true });
    const content = join(this.#folder, 'content');
    const shared = await writeSampleContent(content);
    const node = await startNode({
      dataDir: join(this.#folder, 'node'), listen: '127.0.0.1',
      overrides: { name, port: 0, downloadDir: join(this.#folder, 'received'), multicast: false, mdns: false },
    });
    this.#node = node;
    for (const path of shared) await node.api.call('shares.add', { path, audience: { kind: 'everyone' } });
    await node.api.call('peers.connect', { address: `127.0.0.1:${ownPort}` });
    await node.api.call('peers.setAutoAccept', { peer: ownId, autoAccept: true });
  }

  async #end(): Promise<void> {
    const node = this.#node;
    this.#node = null;
    if (node !== null) {
      await node.close();
      await this.#ports.forget(node.deviceId);
    }
    await rm(this.#folder, { recursive: true, force: true });
    if (this.#state !== 'off') this.#become('off');
  }

  #become(state: NodeStatus['demo']): void {
    this.#state = state;
    this.#ports.onChange();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}
