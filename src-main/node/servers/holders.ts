import type { ContentId } from '#shared/ids.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { second } from '#shared/units.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { Servers } from '../../net/servers/servers.ts';
import { withTimeout } from '../../net/with-timeout.ts';
import type { LinkWaiter } from '../waiting.ts';

/** A device that was found has so long to be linked. */
const comesWithinMs = 10 * second;
/** Downloads that nobody gives anything for are asked for this often. */
const askEveryMs = 30 * second;

export interface HoldersPorts {
  readonly servers: Servers;
  readonly waiter: LinkWaiter;
  /** Dials a device that a server names; returns whether it was not linked. */
  readonly introduce: (node: BootstrapNode) => boolean;
  readonly downloads: () => readonly Transfer[];
  readonly background: (work: Promise<unknown>) => void;
}

/** Brings devices that servers name as holders of a content; what they really have they are asked themselves. */
export class Holders {
  readonly #ports: HoldersPorts;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ports: HoldersPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => { ports.background(this.#askForWaiting()); }, askEveryMs).unref();
  }

  /** Tells of each device that is linked after a server named some, and ends when none has come for a while. */
  async *of(id: ContentId, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const { servers, waiter } = this.#ports;
    let { rings } = waiter;
    const named = this.#introduce(await servers.holders([id], signal));
    for (let come = 0; come < named && !signal.aborted; come++) {
      if (!(await waiter.linked(rings, withTimeout(signal, comesWithinMs)))) return;
      ({ rings } = waiter);
      yield;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }

  /** A download that waits goes on by itself as soon as a device is linked that has it. */
  async #askForWaiting(): Promise<void> {
    const ids = this.#ports.downloads().flatMap(({ state, contentId }) => (state === 'waiting' && contentId !== null ? [contentId] : []));
    if (ids.length > 0 && this.#ports.servers.areOnline) this.#introduce(await this.#ports.servers.holders(ids, this.#closing.signal));
  }

  #introduce(nodes: readonly BootstrapNode[]): number {
    return nodes.filter((node) => this.#ports.introduce(node)).length;
  }
}
