import { nextTick } from 'vue';
import type { NodeEvent } from '#shared/api/events.ts';

/** What nobody sees one by one. */
const turnMs = 50;

/**
 * Events in turns: the first is heard at once, what comes in the next moment together after it. Each is a task of its own for the
 * browser, and a page draws what a task has changed, so that thousands (somebody pauses all downloads) would be as many drawings.
 */
export class EventTurns {
  readonly #hear: (event: NodeEvent) => void;
  #waiting: NodeEvent[] = [];
  /** When the page had drawn what was heard last. */
  #drawnAt = -Infinity;
  #timer: number | null = null;

  constructor(hear: (event: NodeEvent) => void) {
    this.#hear = hear;
  }

  push(event: NodeEvent): void {
    this.#waiting.push(event);
    // Not by the timer alone: a page that nobody looks at has none for a minute.
    if (performance.now() - this.#drawnAt >= turnMs) this.flush();
    else this.#timer ??= window.setTimeout(() => { this.flush(); }, turnMs);
  }

  /** What was said before an answer is heard before it. */
  flush(): void {
    if (this.#timer !== null) window.clearTimeout(this.#timer);
    this.#timer = null;
    const heard = this.#waiting;
    if (heard.length === 0) return;
    this.#waiting = [];
    heard.forEach(this.#hear);
    void nextTick(() => { this.#drawnAt = performance.now(); });
  }
}
