import type { Store, Table } from './store.ts';

/** What a row is to be; null: it goes. */
type State<Value> = Value | null;

interface Waiting<Value> {
  state: State<Value>;
  readonly written: Promise<void>;
}

/**
 * Rows of which only the latest state matters. While one write of a row is under way, the next one waits and takes whatever the row has become by then: whoever
 * makes it change without pause costs two writes at a time, not one for each change.
 */
export class LatestRows<Value> {
  readonly #store: Pick<Store, 'put' | 'delete'>;
  readonly #table: Table<Value>;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Waiting<Value>>();

  constructor(store: Pick<Store, 'put' | 'delete'>, table: Table<Value>) {
    this.#store = store;
    this.#table = table;
  }

  /** Resolves when this state, or a later one, is kept. Rejects as the store does. */
  put(key: string, state: State<Value>): Promise<void> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.state = state;
      return waiting.written;
    }
    const underWay = this.#underWay.get(key);
    if (underWay === undefined) return this.#write(key, state);
    const begin = (): Promise<void> => {
      this.#waiting.delete(key);
      return this.#write(key, next.state);
    };
    const next: Waiting<Value> = { state, written: underWay.then(begin, begin) };
    this.#waiting.set(key, next);
    return next.written;
  }

  #write(key: string, state: State<Value>): Promise<void> {
    const written = state === null ? this.#store.delete(this.#table, key) : this.#store.put(this.#table, key, state);
    this.#underWay.set(key, written);
    const isOver = (): void => { if (this.#underWay.get(key) === written) this.#underWay.delete(key); };
    written.then(isOver, isOver);
    return written;
  }
}
