import type { BatchOperation, ClassicLevel } from 'classic-level';
import type * as z from 'zod';
import { storeError } from './store-errors.ts';

/** A named part of the store: how its values are written and read. */
export interface Table<Value> {
  readonly name: string;
  /** How the database gives values back: it turns text into bytes by itself, without an object for each. */
  readonly form: 'utf8' | 'view';
  encode(value: Value): Stored;
  /** Null when what is stored is not such a value. */
  decode(stored: Stored): Value | null;
}

type Stored = string | Uint8Array;

/** Values as JSON, checked by a schema whenever they are read. */
export const jsonTable = <Schema extends z.ZodType>(name: string, schema: Schema): Table<z.output<Schema>> => ({
  name,
  form: 'utf8',
  encode: (value) => JSON.stringify(value),
  decode(stored) {
    try {
      return typeof stored === 'string' ? (schema.safeParse(JSON.parse(stored)).data ?? null) : null;
    } catch {
      // Not JSON: as damaged as a value that does not fit the schema.
      return null;
    }
  },
});

export const bytesTable = (name: string): Table<Uint8Array> => ({ name, form: 'view', encode: (value) => value, decode: (stored) => (typeof stored === 'string' ? null : stored) });

const nothing = new Uint8Array(0);
/** Keys are all there is to know: an index. */
export const keyTable = (name: string): Table<true> => ({ name, form: 'view', encode: () => nothing, decode: () => true });

/** Keys between two others, in the order of their UTF-8 bytes. */
export interface Range {
  readonly after?: string;
  readonly from?: string;
  readonly before?: string;
  readonly limit?: number;
  /** From the last key to the first. */
  readonly reverse?: boolean;
}

export type Row<Value> = readonly [key: string, value: Value];

/** All keys that begin with `prefix`. The prefix must end in a character below U+10FFFF, as ours do. */
export const withPrefix = (prefix: string): Range => {
  const last = prefix.codePointAt(prefix.length - 1) ?? 0;
  return { from: prefix, before: prefix.slice(0, prefix.length - 1) + String.fromCodePoint(last + 1) };
};

type Database = ClassicLevel<string, Stored>;
type Operation = BatchOperation<Database, string, Stored>;

const separator = '!';
/** The character after the separator: upper bound of a table. */
const tableEnd = '"';
/** In no table: LevelDB syncs only as part of a write, which comes after all others in its log. */
const syncKey = 'sync';
/** Rows fetched from LevelDB in one trip. */
const trip = 500;

const bounds = (table: Table<unknown>, range: Range) => ({
  ...(range.after === undefined ? { gte: `${table.name}${separator}${range.from ?? ''}` } : { gt: `${table.name}${separator}${range.after}` }),
  lt: range.before === undefined ? `${table.name}${tableEnd}` : `${table.name}${separator}${range.before}`,
  limit: range.limit ?? -1,
  reverse: range.reverse ?? false,
  valueEncoding: table.form,
});

/** Writes that take effect together or not at all. */
export class StoreBatch {
  readonly #write: (operations: Operation[]) => Promise<void>;
  readonly #operations: Operation[] = [];

  constructor(write: (operations: Operation[]) => Promise<void>) {
    this.#write = write;
  }

  get size(): number {
    return this.#operations.length;
  }

  put<Value>(table: Table<Value>, key: string, value: Value): this {
    this.#operations.push({ type: 'put', key: `${table.name}${separator}${key}`, value: table.encode(value), valueEncoding: table.form });
    return this;
  }

  delete(table: Table<unknown>, key: string): this {
    this.#operations.push({ type: 'del', key: `${table.name}${separator}${key}` });
    return this;
  }

  /** Takes effect after every write that was begun before. Rejects with `disk-full`, `disk-error` or `store-damaged`; then nothing was written. */
  async write(): Promise<void> {
    if (this.#operations.length > 0) await this.#write(this.#operations);
  }
}

/**
 * The embedded store of a node: tables of keys in order, batches that are atomic, range reads that never hold more than
 * a few hundred rows. A value that cannot be read counts as absent and is reported to `onDamaged`.
 */
export class Store {
  readonly #database: Database;
  /** The database writes in several threads, so of two writes under way at once the older one could win. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #damaged: (table: string, key: string) => void = () => undefined;

  /** Use `openStore`, which checks the version and repairs what is damaged. */
  constructor(database: Database) {
    this.#database = database;
  }

  /** Folder of the store. */
  get location(): string {
    return this.#database.location;
  }

  /** Called with every record that was there but not readable. */
  onDamaged(listener: (table: string, key: string) => void): void {
    this.#damaged = listener;
  }

  async get<Value>(table: Table<Value>, key: string): Promise<Value | undefined> {
    return this.#guarded(async () => this.#read(table, key, await this.#database.get(`${table.name}${separator}${key}`, { valueEncoding: table.form })));
  }

  /** Values in the order of the keys; undefined where there is none. */
  async getMany<Value>(table: Table<Value>, keys: readonly string[]): Promise<(Value | undefined)[]> {
    if (keys.length === 0) return [];
    return this.#guarded(async () => {
      const found = await this.#database.getMany(keys.map((key) => `${table.name}${separator}${key}`), { valueEncoding: table.form });
      return found.map((bytes, at) => this.#read(table, keys[at] ?? '', bytes));
    });
  }

  /** Rows of a range in batches of at most 500, read from one snapshot. */
  async *batches<Value>(table: Table<Value>, range: Range = {}): AsyncGenerator<readonly Row<Value>[], void, undefined> {
    const iterator = this.#database.iterator(bounds(table, range));
    const skip = table.name.length + separator.length;
    try {
      for (;;) {
        const rows = await this.#guarded(() => iterator.nextv(trip));
        if (rows.length === 0) return;
        yield rows.flatMap(([key, bytes]) => {
          const value = this.#read(table, key.slice(skip), bytes);
          return value === undefined ? [] : [[key.slice(skip), value] as const];
        });
      }
    } finally {
      await iterator.close();
    }
  }

  /** Keys of a range in batches of at most 500. */
  async *keyBatches(table: Table<unknown>, range: Range = {}): AsyncGenerator<readonly string[], void, undefined> {
    const iterator = this.#database.keys(bounds(table, range));
    const skip = table.name.length + separator.length;
    try {
      for (;;) {
        const keys = await this.#guarded(() => iterator.nextv(trip));
        if (keys.length === 0) return;
        yield keys.map((key) => key.slice(skip));
      }
    } finally {
      await iterator.close();
    }
  }

  /** All rows of a range that is known to be small. */
  async rows<Value>(table: Table<Value>, range: Range = {}): Promise<Row<Value>[]> {
    const all: Row<Value>[] = [];
    for await (const rows of this.batches(table, range)) all.push(...rows);
    return all;
  }

  /** All keys of a range that is known to be small. */
  async keys(table: Table<unknown>, range: Range = {}): Promise<string[]> {
    const all: string[] = [];
    for await (const keys of this.keyBatches(table, range)) all.push(...keys);
    return all;
  }

  /**
   * Those of the prefixes that some key begins with. They are ASCII, and none begins with another one. One walk that goes from the next prefix to the next key and back:
   * as many steps as there are of whichever are fewer, where an iterator for each prefix costs a hundred microseconds.
   */
  async prefixesInUse(table: Table<unknown>, prefixes: readonly string[]): Promise<Set<string>> {
    const found = new Set<string>();
    if (prefixes.length === 0) return found;
    const iterator = this.#database.keys(bounds(table, {}));
    const skip = table.name.length + separator.length;
    const wanted = prefixes.toSorted()[Symbol.iterator]();
    let next = wanted.next();
    try {
      while (next.done !== true) {
        iterator.seek(`${table.name}${separator}${next.value}`);
        const key = (await this.#guarded(() => iterator.next()))?.slice(skip);
        if (key === undefined) break;
        if (key.startsWith(next.value)) found.add(next.value);
        do next = wanted.next(); while (next.done !== true && next.value < key && !key.startsWith(next.value));
      }
    } finally {
      await iterator.close();
    }
    return found;
  }

  batch(): StoreBatch {
    return new StoreBatch((operations) => {
      const written = this.#lastWrite.then(() => this.#database.batch(operations)).catch((error: unknown) => { throw storeError(error, this.location); });
      this.#lastWrite = written.catch(() => undefined);
      return written;
    });
  }

  put<Value>(table: Table<Value>, key: string, value: Value): Promise<void> {
    return this.batch().put(table, key, value).write();
  }

  delete(table: Table<unknown>, key: string): Promise<void> {
    return this.batch().delete(table, key).write();
  }

  /**
   * Makes everything written so far outlive the power, too: a mere write is what the system still has after a kill. For what a user decides and
   * counts on; what can be found out again needs none. Rejects as a write.
   */
  sync(): Promise<void> {
    const synced = this.#lastWrite.then(() => this.#database.put(syncKey, '', { sync: true })).catch((error: unknown) => { throw storeError(error, this.location); });
    this.#lastWrite = synced.catch(() => undefined);
    return synced;
  }

  /** Reads every record once; rejects with `store-damaged` at the first block that cannot be read. */
  async readThrough(): Promise<void> {
    const iterator = this.#database.iterator();
    try {
      while ((await this.#guarded(() => iterator.nextv(trip))).length > 0);
    } finally {
      await iterator.close();
    }
  }

  /** Waits for the writes that were begun. */
  async close(): Promise<void> {
    await this.#lastWrite;
    await this.#database.close();
  }

  #read<Value>(table: Table<Value>, key: string, stored: Stored | undefined): Value | undefined {
    if (stored === undefined) return undefined;
    const value = table.decode(stored);
    if (value !== null) return value;
    this.#damaged(table.name, key);
    return undefined;
  }

  async #guarded<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      throw storeError(error, this.#database.location);
    }
  }
}
