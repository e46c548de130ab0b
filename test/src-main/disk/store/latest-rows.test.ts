import { describe, expect, it } from 'vitest';
import { LatestRows } from '#main/disk/store/latest-rows.ts';
import { bytesTable, type Table } from '#main/disk/store/store.ts';

/** A store whose writes end when the test says so. */
function slowStore() {
  const writes: { readonly what: string; readonly end: (error?: Error) => void }[] = [];
  const begin = (what: string): Promise<void> => new Promise((resolve, reject) => { writes.push({ what, end: (error) => { if (error) reject(error); else resolve(); } }); });
  const store = {
    put: <Value>(_table: Table<Value>, key: string, value: Value) => begin(`${key}=${String(value)}`),
    delete: (_table: Table<unknown>, key: string) => begin(`${key} gone`),
  };
  const rows = new LatestRows(store, bytesTable('some'));
  const put = (key: string, value: number | null): Promise<void> => rows.put(key, value === null ? null : new Uint8Array([value]));
  return { writes, put, what: () => writes.map(({ what }) => what) };
}

describe('rows of which the latest state matters', () => {
  it('cost two writes at a time, however often they change', async () => {
    const { writes, put, what } = slowStore();
    const kept = Array.from({ length: 1000 }, (_, at) => put('a', at % 256));
    expect(what()).toEqual(['a=0']);
    writes[0]?.end();
    await kept[0];
    expect(what()).toEqual(['a=0', 'a=231']);
    writes[1]?.end();
    await Promise.all(kept);
    expect(writes).toHaveLength(2);
  });

  it('do not come back when the last word was that they go', async () => {
    const { writes, put, what } = slowStore();
    const kept = [put('a', 1), put('a', 2), put('a', null)];
    writes[0]?.end();
    await kept[0];
    writes[1]?.end();
    await Promise.all(kept);
    expect(what()).toEqual(['a=1', 'a gone']);
  });

  it('do not wait for each other, nor for a write that failed', async () => {
    const { writes, put, what } = slowStore();
    const [first, second] = [put('a', 1), put('a', 2)];
    void put('b', 1);
    expect(what()).toEqual(['a=1', 'b=1']);
    writes[0]?.end(new Error('full'));
    await expect(first).rejects.toThrow('full');
    writes[2]?.end();
    await second;
    expect(what()).toEqual(['a=1', 'b=1', 'a=2']);
  });
});
