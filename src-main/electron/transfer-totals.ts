import type { NodeEvent } from '#shared/api/events.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { Bytes } from '#shared/units.ts';

type Running = Pick<Transfer, 'doneBytes' | 'bytes'>;

/** How far all running downloads are together: what the taskbar shows. */
export class TransferTotals {
  readonly #running = new Map<string, Running>();

  step(event: NodeEvent): void {
    if (event.type === 'transfers-gone') for (const id of event.ids) this.#running.delete(id);
    if (event.type !== 'transfer') return;
    const { id, direction, state, doneBytes, bytes } = event.transfer;
    if (direction === 'down' && (state === 'running' || state === 'checking')) this.#running.set(id, { doneBytes, bytes });
    else this.#running.delete(id);
  }

  get count(): number {
    return this.#running.size;
  }

  /** From 0 to 1; null when nothing runs. */
  get fraction(): number | null {
    if (this.#running.size === 0) return null;
    let done: Bytes = 0;
    let all: Bytes = 0;
    for (const { doneBytes, bytes } of this.#running.values()) {
      done += doneBytes;
      all += bytes;
    }
    return all === 0 ? 0 : Math.min(1, done / all);
  }
}
