import type { ControlMethod } from '#shared/protocol/control.ts';
import { KiB } from '#shared/units.ts';
import { SeldomMap } from './seldom-map.ts';

/** A hundred bytes of question make us read a thousand records, or give hundreds of kilobytes: how many answers of a kind are made at once. A download opens four large files. */
const longAtOnce: ReadonlyMap<string, number> = new Map<ControlMethod, number>([['shares', 1], ['browse', 1], ['walk', 1], ['search', 1], ['have', 1], ['manifest', 1], ['layer', 4]]);
/** With so much that the other end has not taken, no further long answer is made. */
const unreadBytes = 256 * KiB;

interface Queue {
  busy: number;
  readonly atOnce: number;
  readonly waiting: (() => Promise<void>)[];
}

/**
 * The order in which one link is answered. Of a kind of long answers one is made at a time, or a few, when the one before has been read or nearly so: otherwise
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
    const atOnce = longAtOnce.get(method);
    if (atOnce === undefined) {
      void answer();
      return;
    }
    const queue = this.#queues.get(method) ?? { busy: 0, atOnce, waiting: [] };
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
    if (queue.busy >= queue.atOnce || (queue.waiting.length > 0 && this.#queuedBytes() > unreadBytes)) return;
    const answer = queue.waiting.shift();
    if (answer === undefined) {
      if (queue.busy === 0) this.#queues.delete(method);
      return;
    }
    queue.busy++;
    void answer().then(() => {
      queue.busy--;
      this.#next(method, queue);
    });
  }
}
