import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import type { Transfer, TransferState } from '#shared/model/transfer.ts';

const finalStates: ReadonlySet<TransferState> = new Set(['done', 'failed', 'cancelled']);

/**
 * Follows transfers until each has ended. It listens from its creation on, so that nothing is missed between the start
 * of a transfer and `add`.
 */
export class TransferWatch {
  readonly #watched = new Map<string, Transfer>();
  /** The latest state of transfers nobody has added yet: one of them may be ours in a moment. */
  readonly #seen = new Map<string, Transfer>();
  readonly #stop: () => void;
  readonly #onChange: (transfer: Transfer, before: Transfer | undefined) => void;
  #check: () => void = () => undefined;
  #closed = false;

  constructor(api: ApiClient, onChange: (transfer: Transfer, before: Transfer | undefined) => void) {
    this.#onChange = onChange;
    this.#stop = api.subscribe((event) => {
      if (event.type === 'transfer') this.#take(event.transfer);
      if (event.type === 'transfers-gone') for (const id of event.ids) this.#gone(id);
    });
    api.onClose(() => {
      this.#closed = true;
      this.#check();
    });
  }

  add(transfer: Transfer): void {
    const latest = this.#seen.get(transfer.id) ?? transfer;
    this.#watched.set(transfer.id, latest);
    this.#onChange(latest, undefined);
  }

  get transfers(): Transfer[] {
    return [...this.#watched.values()];
  }

  /** Resolves when all have ended, in the order they were added. Rejects with `interrupted`, `node-not-running`. */
  async ended(signal: AbortSignal): Promise<Transfer[]> {
    const abort = (): void => { this.#check(); };
    signal.addEventListener('abort', abort);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#check = () => {
          if (this.transfers.every(({ state }) => finalStates.has(state))) resolve();
          else if (signal.aborted) reject(new AppError('interrupted'));
          else if (this.#closed) reject(new AppError('node-not-running'));
        };
        this.#check();
      });
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return this.transfers;
  }

  close(): void {
    this.#stop();
  }

  #take(transfer: Transfer): void {
    const before = this.#watched.get(transfer.id);
    if (before === undefined) {
      this.#seen.set(transfer.id, transfer);
      return;
    }
    this.#watched.set(transfer.id, transfer);
    this.#onChange(transfer, before);
    this.#check();
  }

  /** Forgotten while we look: somebody else ended it. */
  #gone(id: string): void {
    const before = this.#watched.get(id);
    if (before !== undefined && !finalStates.has(before.state)) this.#take({ ...before, state: 'cancelled' });
  }
}
