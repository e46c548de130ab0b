import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { listTransfers, type ListedTransfers } from '#main/node/listed-transfers.ts';
import { FinishedUploads, type FinishedUpload } from '#main/node/serving/finished-uploads.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';

const idOf = (number: number) => transferIdSchema.parse(number.toString(16).padStart(16, '0'));
const upload = (number: number, part: Partial<FinishedUpload> = {}): FinishedUpload => ({
  id: idOf(number), peer: deviceIdOf(new Uint8Array(32).fill(1)), peerName: 'Ana', name: `film ${number}`, kind: 'file', state: 'done', bytes: 10, doneBytes: 10, files: 1, startedAt: number, finishedAt: number + 1, ...part,
});

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
  ({ store } = await openStore(folder));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function opened(kept = 1000) {
  const gone: (readonly string[])[] = [];
  const uploads = new FinishedUploads({ store, kept, onGone: (ids) => { gone.push(ids); } });
  await uploads.open();
  const names = async (cursor?: string, limit = 1000): Promise<string[]> => (await uploads.page(cursor, limit)).transfers.map(({ name }) => name);
  return { uploads, gone, names };
}

describe('uploads that ended', () => {
  it('are listed newest first, page by page, also after a restart', async () => {
    const { uploads } = await opened();
    for (const number of [2, 1, 3]) await uploads.note(upload(number));
    const again = (await opened()).uploads;
    const first = await again.page(undefined, 2);
    expect([first.transfers.map(({ name }) => name), first.total]).toEqual([['film 3', 'film 2'], 3]);
    const second = await again.page(first.next ?? undefined, 2);
    expect([second.transfers.map(({ name }) => name), second.total, second.next]).toEqual([['film 1'], 3, null]);
    expect(second.transfers[0]).toMatchObject({ direction: 'up', state: 'done', takerName: 'Ana', addedAt: 1, finishedAt: 2, path: null });
    expect(await again.detail(idOf(3))).toMatchObject({ transfer: { name: 'film 3' }, sources: [{ bytes: 10 }] });
    expect(await again.detail(idOf(4))).toBeUndefined();
  });

  it('make room: the oldest go', async () => {
    const { uploads, gone, names } = await opened(3);
    for (let number = 1; number <= 5; number++) await uploads.note(upload(number));
    expect([await names(), gone]).toEqual([['film 5', 'film 4', 'film 3'], [[idOf(1)], [idOf(2)]]]);
    const fewer = await opened(1);
    await fewer.uploads.note(upload(6));
    expect([await fewer.names(), (await fewer.uploads.page(undefined, 1)).total]).toEqual([['film 6'], 1]);
  });

  it('are told anew, counted once', async () => {
    const { uploads, names } = await opened(2);
    await uploads.note(upload(1, { state: 'cancelled', doneBytes: 4 }));
    await uploads.note(upload(2));
    await uploads.note(upload(1));
    expect(await names()).toEqual(['film 2', 'film 1']);
    expect((await uploads.page(undefined, 5)).transfers[1]?.state).toBe('done');
    expect((await uploads.page(undefined, 5)).total).toBe(2);
  });

  it('are forgotten one by one, or all', async () => {
    const { uploads, gone, names } = await opened();
    for (let number = 1; number <= 12; number++) void uploads.note(upload(number));
    expect([await uploads.forget(idOf(7)), await uploads.forget(idOf(7)), gone]).toEqual([1, 0, [[idOf(7)]]]);
    expect([await uploads.forget(undefined), await names()]).toEqual([11, []]);
    expect(gone.slice(1)).toEqual([[1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12].map(idOf)]);
    expect((await (await opened()).uploads.page(undefined, 1)).total).toBe(0);
  });
});

describe('the list of all transfers', () => {
  const transfer = (name: string, direction: 'up' | 'down'): Transfer => ({
    id: idOf(999), direction, name, kind: 'file', state: 'running', reason: null, bytes: 1, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0, etaSeconds: null, priority: 'normal', inOrder: false, peers: [], path: null, contentId: null, addedAt: 1, finishedAt: null,
  });
  const fetched = ['got 1', 'got 2', 'got 3'].map((name) => transfer(name, 'down'));
  const downloads = {
    list: (finished: boolean | undefined, cursor: string | undefined, limit: number) => {
      const from = Number(cursor ?? 0);
      const all = finished === false ? [] : fetched;
      return Promise.resolve({ transfers: all.slice(from, from + limit), total: all.length, next: from + limit < all.length ? String(from + limit) : null });
    },
  };
  /** All of it, page by page, with what each page says the total is. */
  async function pages(which: Partial<ListedTransfers>, limit: number): Promise<[string, number][]> {
    const { uploads } = await opened();
    for (const number of [1, 2]) await uploads.note(upload(number));
    const found: [string, number][] = [];
    let cursor: string | undefined;
    do {
      const page = await listTransfers({ transfers: downloads, uploads: { list: () => [transfer('giving', 'up')] }, finishedUploads: uploads }, { finished: undefined, direction: undefined, ...which }, cursor, limit);
      found.push([page.transfers.map(({ name }) => name).join(), page.total]);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  it.each<[string, Partial<ListedTransfers>, number, [string, number][]]>([
    ['has everything at once', {}, 10, [['giving,got 1,got 2,got 3,film 2,film 1', 6]]],
    ['fills a page that downloads leave', { finished: true }, 4, [['got 1,got 2,got 3,film 2', 5], ['film 1', 5]]],
    ['goes on where a page was full of downloads', { finished: true }, 3, [['got 1,got 2,got 3', 5], ['film 2,film 1', 5]]],
    ['goes on after each single one', { finished: true }, 1, [['got 1', 5], ['got 2', 5], ['got 3', 5], ['film 2', 5], ['film 1', 5]]],
    ['of what went out', { direction: 'up' }, 1, [['giving,film 2', 3], ['film 1', 3]]],
    ['of what went out and has ended', { finished: true, direction: 'up' }, 5, [['film 2,film 1', 2]]],
    ['of what came', { finished: true, direction: 'down' }, 5, [['got 1,got 2,got 3', 3]]],
    ['of what is under way', { finished: false }, 5, [['giving', 1]]],
  ])('%s', async (_name, which, limit, expected) => {
    expect(await pages(which, limit)).toEqual(expected);
  });
});
