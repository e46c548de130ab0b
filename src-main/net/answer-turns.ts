import type { ControlMethod } from '#shared/protocol/control.ts';
import { KiB } from '#shared/units.ts';
import { SeldomMap } from './seldom-map.ts';

/** A hundred bytes of question make us read a thousand records, or give hundreds of kilobytes. */
const isLong: ReadonlySet<string> = new Set<ControlMethod>(['shares', 'browse', 'walk', 'search', 'have', 'manifest', 'layer']);
/** With so much that the other end has not taken, no further long answer is made. */
const unreadBytes = 256 * KiB;

interface Queue {
  isBusy: boolean;
  readonly waiting: (() => Promise<void>)[];
}

/**
 * The order in which one link is answered. Long answers of a kind are made one after the other, when the one before has been read or nearly so: otherwise
 * a few kilobytes of requests keep everybody else waiting for half a minute, and take memory as long as nobody reads what was asked for. What waits here
 * has taken nothing yet, and is forgotten with its link.
 */
export class AnswerTurns {
  readonly #queuedBytes: () => number;
  readonly #queues = new SeldomMap<string, Queue>();

  /** `queuedBytes`: what the other end has not taken of earlier answers. */
  constructor(queuedBytes: () => number) {
    this.#queuedBytes = queuedBytes;
  }

  /** Calls `answer`, which never rejects, when it is its turn. */
  begin(method: string, answer: () => Promise<void>): void {
    if (!isLong.has(method)) {
      void answer();
      return;
    }
    const queue = this.#queues.get(method) ?? { isBusy: false, waiting: [] };
    this.#queues.set(method, queue);
    queue.waiting.push(answer);
    this.#next(method, queue);
  }

  /** The other end has taken something. */
  flushed(): void {
    for (const [method, queue] of this.#queues.entries()) this.#next(method, queue);
  }

  close(): void {
    for (const [, queue] of this.#queues.entries()) queue.waiting.length = 0;
    this.#queues.clear();
  }

  #next(method: string, queue: Queue): void {
    if (queue.isBusy || (queue.waiting.length > 0 && this.#queuedBytes() > unreadBytes)) return;
    const answer = queue.waiting.shift();
    if (answer === undefined) {
      this.#queues.delete(method);
      return;
    }
    queue.isBusy = true;
    void answer().then(() => {
      queue.isBusy = false;
      this.#next(method, queue);
    });
  }
}
