import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { offersTable, type OfferRecord } from '#main/node/offers/offer-records.ts';
import { Offers } from '#main/node/offers/offers.ts';
import type { Link } from '#main/node/ports/links.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { offerIdSchema, transferIdSchema } from '#shared/model/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { Notice } from '#shared/protocol/control.ts';

const id = offerIdSchema.parse('0123456789abcdef0123456789abcdef');
const transferId = transferIdSchema.parse('0123456789abcdef');
const question = { id, text: null, items: [{ name: 'film.mov', kind: 'file' as const, bytes: 10, files: 1 }], count: 1, bytes: 10 };
const transfer: Transfer = {
  id: transferId, direction: 'down', name: 'film.mov', kind: 'file', state: 'running', reason: null, bytes: 10, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0,
  rate: 0, etaSeconds: null, priority: 'normal', inOrder: false, peers: [], path: null, contentId: null, addedAt: 1, finishedAt: null,
};

const friend = deviceIdOf(new Uint8Array(32).fill(2));
const numbered = (number: number) => ({ ...question, id: offerIdSchema.parse(number.toString(16).padStart(32, '0')) });
const from = (link: Link, number: number): Link => ({ ...link, remote: { ...link.remote, id: deviceIdOf(new Uint8Array(32).fill(number)) } });

const eventually = (condition: () => boolean): Promise<unknown> => vi.waitUntil(condition, { timeout: 100_000, interval: 5 });

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offers-'));
  ({ store } = await openStore(folder));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A device that was asked; its downloads start when the test lets them. */
async function asked({ byItself = false } = {}) {
  const told: Notice[] = [];
  const link: Link = {
    remote: { id: deviceIdOf(new Uint8Array(32).fill(1)), name: 'Ana', platform: 'linux', version: '1', listenPort: null },
    address: { host: '127.0.0.1', port: 1 }, path: 'lan', rank: 'near', vpn: null, relay: null, takesLinks: null, dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
    request: () => Promise.reject(new Error('not used')), notify: (notice) => { told.push(notice); }, requestBlock: () => 0, blockProgress: () => ({ moved: 0, quietMs: 0, kept: 0 }), cancelBlock: () => undefined,
    sendBlock: () => Promise.resolve(true), rejectBlock: () => undefined, join: () => undefined, has: () => undefined, leave: () => undefined, choke: () => undefined, wantLanes: () => undefined, exportKey: () => new Uint8Array(), close: () => undefined,
  };
  const starts: { go: () => void; fail: (error: Error) => void }[] = [];
  const cancelled: string[] = [];
  const errors: unknown[] = [];
  const goneOffers: string[] = [];
  const offers = new Offers({
    store, now: () => 1, newId: () => id, linkTo: () => link, isPaired: (peer) => peer === friend, isPrivate: () => false, acceptsByItself: () => byItself, downloadDir: () => folder,
    startDownload: () => new Promise((resolve, reject) => starts.push({ go: () => resolve(transfer), fail: reject })),
    cancelDownload: (transferred) => {
      cancelled.push(transferred);
      return Promise.resolve();
    },
    onOver: () => undefined, onRights: () => undefined, onChange: () => undefined, onGone: (gone) => goneOffers.push(gone), onError: (error) => errors.push(error),
  });
  await offers.asked(link, question);
  return { offers, link, told, starts, cancelled, errors, goneOffers };
}

describe('a device that offers without end', () => {
  test('and takes everything back is remembered with a part of it, and what was answered stays', async () => {
    const { offers, link, goneOffers } = await asked();
    await offers.decline(id);
    for (let number = 1; number <= limits.push.offersTakenBack + 5; number++) {
      await offers.asked(link, numbered(number));
      await offers.notice(link, { kind: 'offer-withdrawn', id: numbered(number).id });
    }
    expect(goneOffers).toEqual([1, 2, 3, 4, 5].map((number) => numbered(number).id));
    expect(offers.list()).toHaveLength(limits.push.offersTakenBack + 1);
    expect(await store.keys(offersTable)).toHaveLength(limits.push.offersTakenBack + 1);
    expect(offers.list().find((offer) => offer.id === id)).toMatchObject({ state: 'declined' });
  });

  test('under one name after the other takes the place of other strangers, and of nobody who is trusted', async () => {
    const { offers, link } = await asked();
    let number = 0;
    const fill = async (peer: number): Promise<void> => { for (let count = 0; count < limits.push.offersWaiting; count++) await offers.asked(from(link, peer), numbered(++number)); };
    for (const peer of [11, 12, 13]) await fill(peer);
    await expect(fill(14)).rejects.toMatchObject({ code: 'too-many' });
    expect(offers.waiting).toBe(limits.push.offersOfStrangers);
    await fill(2);
    expect(offers.waiting).toBe(limits.push.offersOfStrangers + limits.push.offersWaiting);
    await expect(offers.asked(from(link, 2), numbered(++number))).rejects.toMatchObject({ code: 'too-many' });
  });
});

test('of what has ended the latest are kept, in each direction for itself, also of what an older version kept', async () => {
  const ended = (number: number, part: Partial<Offer>): OfferRecord => ({
    offer: { id: numbered(number).id, direction: 'in', peer: friend, state: 'done', reason: null, text: `text ${number}`, items: [], count: 0, bytes: 1, doneBytes: 1, transfers: [], at: number, ...part }, sources: [],
  });
  const { offersEnded } = limits.push;
  for (let number = 1; number <= offersEnded + 5; number++) await store.put(offersTable, numbered(number).id, ended(number, number <= 3 ? { direction: 'out' } : { state: number % 2 === 0 ? 'failed' : 'declined' }));
  const { offers, goneOffers } = await asked();
  await offers.open();
  expect(goneOffers).toEqual([4, 5].map((number) => numbered(number).id));
  expect(offers.list().filter(({ direction }) => direction === 'out')).toHaveLength(3);
  await offers.decline(id);
  expect(goneOffers).toEqual([4, 5, 6].map((number) => numbered(number).id));
  expect(await store.keys(offersTable)).toHaveLength(offersEnded + 3);
});

describe('an answer while a yes is being made good', () => {
  test.each([
    ['yes', (offers: Offers) => offers.accept(id, undefined)],
    ['no', (offers: Offers) => offers.decline(id)],
  ])('a second %s is refused, and one download starts', async (_what, answer) => {
    const { offers, starts, told } = await asked();
    const accepting = offers.accept(id, undefined);
    await expect(answer(offers)).rejects.toMatchObject({ code: 'offer-unknown' });
    starts[0]?.go();
    expect(await accepting).toMatchObject({ state: 'accepted', transfers: [transferId] });
    expect(starts).toHaveLength(1);
    expect(told).toEqual([{ kind: 'offer-answer', id, answer: 'accepted' }]);
  });

  test('taken back by its sender, nothing is fetched', async () => {
    const { offers, link, starts, cancelled, told } = await asked();
    const accepting = offers.accept(id, undefined);
    await offers.notice(link, { kind: 'offer-withdrawn', id });
    starts[0]?.go();
    await expect(accepting).rejects.toMatchObject({ code: 'offer-unknown' });
    expect(cancelled).toEqual([transferId]);
    expect(offers.list()).toMatchObject([{ state: 'cancelled', transfers: [] }]);
    expect(told).toEqual([]);
  });

  test('after a failed start it can be accepted again', async () => {
    const { offers, starts } = await asked();
    const accepting = offers.accept(id, undefined);
    starts[0]?.fail(new Error('no such folder'));
    await expect(accepting).rejects.toThrow('no such folder');
    const again = offers.accept(id, undefined);
    starts[1]?.go();
    expect(await again).toMatchObject({ state: 'accepted' });
  });
});

describe('a folder that cannot be sent as it is', () => {
  const send = async (name: string): Promise<unknown> => {
    const { offers, link } = await asked();
    return offers.send(link, [join(folder, name)]);
  };

  test.runIf(process.platform === 'linux')('has a name that is not text in it: said as such', async () => {
    for (const [at, make] of [mkdir, (path: Buffer) => writeFile(path, 'x')].entries()) {
      await mkdir(join(folder, String(at)));
      await make(Buffer.concat([Buffer.from(join(folder, String(at), 'bad')), Buffer.from([0xff])]));
      await expect(send(String(at))).rejects.toMatchObject({ code: 'name-not-shareable', params: { name: join(folder, String(at), 'bad\ufffd') } });
    }
  });

  test('holds more folders in each other than anybody takes: said as such', async () => {
    await mkdir(join(folder, ...Array.from({ length: limits.content.folderDepth + 1 }, () => 'd')), { recursive: true });
    await expect(send('d')).rejects.toMatchObject({ code: 'too-deep', params: { name: 'd' } });
  });
});

test.runIf(process.platform !== 'win32')('a folder with links and special files is sent without them, and says which and how many', async () => {
  const { offers, link } = await asked();
  const request = vi.fn(() => Promise.resolve({}));
  const to: Link = { ...link, request: request as Link['request'] };
  await mkdir(join(folder, 'Album', 'inner'), { recursive: true });
  await writeFile(join(folder, 'Album', 'song'), 'x');
  expect((await offers.send(to, [join(folder, 'Album')])).leftOut).toBeUndefined();
  await symlink('song', join(folder, 'Album', 'inner', 'again'));
  execFileSync('mkfifo', [join(folder, 'Album', 'pipe')]);
  expect(await offers.send(to, [join(folder, 'Album')])).toMatchObject({ bytes: 1, leftOut: { count: 2, first: ['Album/pipe', 'Album/inner/again'] } });
  for (const name of ['a', 'b']) await symlink('nowhere', join(folder, 'Album', name));
  expect((await offers.send(to, [join(folder, 'Album')])).leftOut).toMatchObject({ count: 4, first: { length: 3 } });
  expect(JSON.stringify(request.mock.calls)).not.toContain('pipe');
});

test('an automatic yes that fails because the sender took it back leaves it taken back', async () => {
  const { offers, link, starts, errors } = await asked({ byItself: true });
  await eventually(() => starts.length === 1);
  await offers.notice(link, { kind: 'offer-withdrawn', id });
  starts[0]?.go();
  await eventually(() => offers.list()[0]?.state === 'cancelled');
  await new Promise(setImmediate);
  expect(offers.list()).toMatchObject([{ state: 'cancelled' }]);
  expect(errors).toEqual([]);
});

test('a record that cannot be written while a download runs is told of, and harms nothing', async () => {
  const { offers, starts, errors } = await asked();
  const accepting = offers.accept(id, undefined);
  starts[0]?.go();
  await accepting;
  vi.spyOn(store, 'put').mockRejectedValueOnce(new Error('the disk with the store is full'));
  offers.transferChanged({ ...transfer, state: 'done', doneBytes: 10 });
  await eventually(() => errors.length > 0);
  expect(errors).toEqual([new Error('the disk with the store is full')]);
  expect(offers.list()).toMatchObject([{ state: 'done', doneBytes: 10 }]);
});
