import type { ContentId } from '#shared/ids.ts';
import type { BootstrapNode } from '#shared/protocol/bootstrap.ts';
import { second, type Timestamp } from '#shared/units.ts';
import { HolderQuestions, type Sought } from '../../core/servers/holder-questions.ts';
import type { Servers } from '../../net/servers/servers.ts';
import { withTimeout } from '../../net/with-timeout.ts';
import type { LinkWaiter } from '../waiting.ts';

/** A device that was found has so long to be linked. */
const comesWithinMs = 10 * second;
/** Downloads are looked at this often: whether servers are to be asked who else has them. */
const lookEveryMs = 5 * second;

export interface HoldersPorts {
  readonly servers: Pick<Servers, 'areOnline' | 'holders'>;
  readonly waiter: Pick<LinkWaiter, 'rings' | 'linked'>;
  /** Dials a device that a server names; returns whether it was not linked. */
  readonly introduce: (node: BootstrapNode) => boolean;
  readonly downloads: () => readonly Sought[];
  readonly now: () => Timestamp;
  readonly background: (work: Promise<unknown>) => void;
}

/** Brings devices that servers name as holders of a content; what they really have they are asked themselves. */
export class Holders {
  readonly #ports: HoldersPorts;
  readonly #questions = new HolderQuestions();
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ports: HoldersPorts) {
    this.#ports = ports;
    this.#timer = setInterval(() => { ports.background(this.#ask()); }, lookEveryMs).unref();
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

  /** A download takes whoever has it as a source by itself, as soon as it is linked. */
  async #ask(): Promise<void> {
    const { servers, downloads, now } = this.#ports;
    if (!servers.areOnline) return;
    const ids = this.#questions.due(now(), downloads());
    if (ids.length > 0) this.#introduce(await servers.holders(ids, this.#closing.signal));
  }

  #introduce(nodes: readonly BootstrapNode[]): number {
    return nodes.filter((node) => this.#ports.introduce(node)).length;
  }
}
