import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FileRef } from '#main/node/ports/library.ts';
import type { Link } from '#main/node/ports/links.ts';
import type { FinishedUpload } from '#main/node/serving/finished-uploads.ts';
import { Uploads } from '#main/node/serving/uploads.ts';
import { deviceIdOf, type OfferId } from '#shared/ids.ts';
import { offerIdSchema, shareIdSchema } from '#shared/model/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';

const share = shareIdSchema.parse('a'.repeat(32));
const push = offerIdSchema.parse('b'.repeat(32));
const ana: Link = {
  remote: { id: deviceIdOf(new Uint8Array(32).fill(1)), name: 'Ana', platform: 'linux', version: '1', listenPort: null },
  address: { host: '127.0.0.1', port: 1 }, path: 'lan', rank: 'near', vpn: null, relay: null, takesLinks: null, dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
  request: () => Promise.reject(new Error('not used')), notify: () => undefined, requestBlock: () => 0, blockProgress: () => ({ moved: 0, quietMs: 0, kept: 0 }), cancelBlock: () => undefined,
  sendBlock: () => Promise.resolve(true), rejectBlock: () => undefined, join: () => undefined, has: () => undefined, leave: () => undefined, choke: () => undefined, wantLanes: () => undefined, exportKey: () => new Uint8Array(), close: () => undefined,
};
const file = (path: string, bytes: number, part: Partial<FileRef> = {}): FileRef => ({ share, path, diskPath: `/x/${path}`, inside: '/x', bytes, modifiedAt: 0, executable: false, version: '', contentId: null, ...part });
const pushed = (path: string, bytes: number): FileRef => file(path, bytes, { share: null, offer: push });
const offer = (part: Partial<Offer>): Offer => ({
  id: push, direction: 'out', peer: ana.remote.id, state: 'accepted', reason: null, text: null, count: 2, bytes: 5000, doneBytes: 0, transfers: [], at: Date.now(),
  items: [{ name: 'Photos', kind: 'folder', bytes: 4000, files: 3 }, { name: 'film.mov', kind: 'file', bytes: 1000, files: 1 }], ...part,
});

beforeEach(() => { vi.useFakeTimers({ now: 1_700_000_000_000 }); });
afterEach(() => { vi.useRealTimers(); });

function giving() {
  const offers = new Map<OfferId, Offer>();
  const ended: FinishedUpload[] = [];
  const told: Transfer[] = [];
  const gone: string[] = [];
  const resumed: string[] = [];
  const uploads = new Uploads({
    now: () => Date.now(), shareName: () => 'Films', nameOf: () => 'Ana Lima', offerOf: (id) => offers.get(id), brakeOf: () => null, onChange: (transfer) => { told.push(transfer); },
    onResumed: (id) => { resumed.push(id); }, onGone: (id) => { gone.push(id); }, onEnd: (upload) => { ended.push(upload); },
  });
  const becomes = (part: Partial<Offer>): void => {
    const now = offer({ ...offers.get(push), ...part });
    offers.set(push, now);
    uploads.offerChanged(now);
  };
  return { uploads, ended, told, gone, resumed, becomes };
}

describe('what others take from a share', () => {
  it('is one entry when nobody has asked for more for a while, however many files it was', async () => {
    const { uploads, ended, told } = giving();
    for (let number = 0; number < 10_000; number++) uploads.sent(ana, file(`small ${number}`, 3), 3, 3);
    const [active] = uploads.list();
    await vi.advanceTimersByTimeAsync(17_000);
    expect(ended).toEqual([{ id: active?.id, peer: ana.remote.id, peerName: 'Ana Lima', name: 'Films', kind: 'folder', state: 'done', bytes: 30_000, doneBytes: 30_000, files: 10_000, startedAt: 1_700_000_000_000, finishedAt: 1_700_000_000_000 }]);
    expect([uploads.list(), told.length < 20]).toEqual([[], true]);
  });

  it('ended early when less than all of a file went out, and twice the same is not more than it', async () => {
    const { uploads, ended } = giving();
    uploads.sent(ana, file('whole', 10), 10, 10);
    uploads.sent(ana, file('film', 100), 40, 40);
    await vi.advanceTimersByTimeAsync(17_000);
    for (let time = 0; time < 2; time++) uploads.sent(ana, file('whole', 10), 10, 10);
    await vi.advanceTimersByTimeAsync(17_000);
    expect(ended.map(({ state, doneBytes, bytes }) => [state, doneBytes, bytes])).toEqual([['cancelled', 50, 110], ['done', 10, 10]]);
  });

  it('has ids in the order in which it began', async () => {
    const { uploads, ended } = giving();
    for (let round = 0; round < 3; round++) {
      uploads.sent(ana, file(`${round}`, 1), 1, 1);
      await vi.advanceTimersByTimeAsync(17_000);
    }
    const ids = ended.map(({ id }) => id);
    expect([ids.length, ids.toSorted()]).toEqual([3, ids]);
  });

  it('is noted when the node stops', () => {
    const { uploads, ended } = giving();
    uploads.sent(ana, file('film', 100), 40, 40);
    uploads.close();
    expect(ended).toMatchObject([{ name: 'Films', state: 'cancelled', doneBytes: 40 }]);
  });
});

describe('a push', () => {
  it('is one line for all its items, with the time that is left', async () => {
    const { uploads, told, becomes } = giving();
    becomes({});
    uploads.sent(ana, pushed('Photos/1', 2000), 2000, 2000);
    uploads.sent(ana, pushed('film.mov', 1000), 1000, 1000);
    becomes({ doneBytes: 2900 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toMatchObject([{ name: 'Photos +1', kind: 'folder', bytes: 5000, doneBytes: 2900, files: 4, offer: push }]);
    const [{ rate, etaSeconds } = { rate: 0, etaSeconds: 0 }] = told;
    expect([rate > 0, etaSeconds]).toEqual([true, Math.ceil(2100 / rate)]);
    expect(uploads.rate()).toBe(rate);
  });

  it('is noted at the moment when it ends, once, and its last blocks begin nothing new', async () => {
    const { uploads, ended, gone, becomes } = giving();
    becomes({});
    uploads.sent(ana, pushed('film.mov', 1000), 1000, 1000);
    const [active] = uploads.list();
    becomes({ state: 'done', doneBytes: 5000 });
    uploads.sent(ana, pushed('film.mov', 1000), 500, 500);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ended).toMatchObject([{ id: active?.id, name: 'Photos +1', state: 'done', bytes: 5000, doneBytes: 5000, files: 4 }]);
    expect([uploads.list(), gone]).toEqual([[], []]);
  });

  it('that ended early says how much arrived, and is one entry when it goes on after all', async () => {
    const { uploads, ended, resumed, becomes } = giving();
    becomes({});
    uploads.sent(ana, pushed('film.mov', 1000), 1000, 1000);
    becomes({ state: 'failed', doneBytes: 900 });
    becomes({ state: 'accepted' });
    await vi.advanceTimersByTimeAsync(60_000);
    uploads.sent(ana, pushed('film.mov', 1000), 1000, 1000);
    becomes({ state: 'done', doneBytes: 5000 });
    expect(ended.map(({ state, doneBytes }) => [state, doneBytes])).toEqual([['cancelled', 900], ['done', 5000]]);
    expect([new Set(ended.map(({ id }) => id)).size, resumed.at(-1)]).toEqual([1, ended[0]?.id]);
  });

  it('that is interrupted is not over, and one of which nothing went out leaves no trace', async () => {
    const { uploads, ended, gone, becomes } = giving();
    becomes({ state: 'asked' });
    becomes({ state: 'cancelled' });
    becomes({ state: 'declined' });
    expect(ended).toEqual([]);
    becomes({ state: 'accepted' });
    uploads.sent(ana, pushed('film.mov', 1000), 10, 10);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([ended, gone.length]).toEqual([[], 1]);
    // Whatever the taker had on its disk already.
    becomes({ state: 'done', doneBytes: 5000 });
    expect(ended).toMatchObject([{ state: 'done' }]);
  });
});

it('the speed of all is the sum of what is shown of each', async () => {
  const { uploads, told } = giving();
  uploads.sent(ana, file('a', 9e6), 3e6, 3e6);
  uploads.sent({ ...ana, remote: { ...ana.remote, id: deviceIdOf(new Uint8Array(32).fill(2)) } }, file('a', 9e6), 6e6, 6e6);
  await vi.advanceTimersByTimeAsync(2000);
  expect(uploads.rate()).toBe(told.slice(-2).reduce((sum, { rate }) => sum + rate, 0));
  uploads.close();
  expect(uploads.rate()).toBe(0);
});
