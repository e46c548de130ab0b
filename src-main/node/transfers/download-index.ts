import type { TransferId } from '#shared/ids.ts';
import type { DownloadRecord } from './records.ts';

type State = DownloadRecord['state'];

export interface DownloadPage {
  readonly ids: readonly TransferId[];
  readonly total: number;
  /** The cursor of the next page; null: there is none. */
  readonly next: string | null;
}

interface Noted {
  readonly number: number;
  state: State;
}

/** Nobody has to do anything about them any more; a failed one waits for the user. */
export const isFinished = (state: State): boolean => state === 'done' || state === 'cancelled';

/**
 * Every download there is or was, newest first, with its state: what a page of thousands has to know of those that are not on it. All else
 * that there is to say of one that ended stays in the store.
 */
export class DownloadIndex {
  readonly #noted = new Map<TransferId, Noted>();
  /** Newest first; null: to be put in order anew. */
  #line: readonly (readonly [TransferId, Noted])[] | null = null;

  note({ id, number, state }: Pick<DownloadRecord, 'id' | 'number' | 'state'>): void {
    const known = this.#noted.get(id);
    if (known !== undefined) {
      known.state = state;
      return;
    }
    this.#noted.set(id, { number, state });
    this.#line = null;
  }

  has(id: TransferId): boolean {
    return this.#noted.has(id);
  }

  forget(id: TransferId): void {
    if (this.#noted.delete(id)) this.#line = null;
  }

  /** Those whose state `fits`, newest first. */
  ids(fits: (state: State) => boolean): TransferId[] {
    return this.#inLine().flatMap(([id, { state }]) => (fits(state) ? [id] : []));
  }

  /** `finished`: only those that are, or only the others. The cursor is where the last page ended: what comes or goes meanwhile moves nothing. */
  page(finished: boolean | undefined, cursor: string | undefined, limit: number): DownloadPage {
    const all = this.#inLine().filter(([, { state }]) => finished === undefined || finished === isFinished(state));
    const below = cursor === undefined ? Infinity : Number(cursor);
    const rest = all.filter(([, { number }]) => number < below);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return { ids: page.map(([id]) => id), total: all.length, next: last !== undefined && rest.length > limit ? String(last[1].number) : null };
  }

  #inLine(): readonly (readonly [TransferId, Noted])[] {
    return (this.#line ??= [...this.#noted].sort(([, a], [, b]) => b.number - a.number));
  }
}
