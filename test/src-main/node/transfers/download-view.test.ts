import { describe, expect, it } from 'vitest';
import { viewDetail, viewDownload, type BegunDownload, type DetailFacts } from '#main/node/transfers/download-view.ts';
import type { DownloadRecord } from '#main/node/transfers/records.ts';
import { ShownRate } from '#main/core/pace/shown-rate.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import { isTransferId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB, second } from '#shared/units.ts';

const id = '0011223344556677';
if (!isTransferId(id)) throw new Error('sixteen digits');
const transfer: Transfer = {
  id, direction: 'down', name: 'film', kind: 'file', state: 'running', reason: null, bytes: 57.5 * MiB, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0, etaSeconds: null,
  priority: 'normal', inOrder: false, peers: [], path: null, contentId: null, addedAt: 0, finishedAt: null,
};
const ana = deviceIdOf(new Uint8Array(32).fill(1));
const facts: DetailFacts = {
  now: 100 * second, rates: [], brake: null, arriving: () => [], sources: new Map([[ana, { state: 'idle', until: null, late: 0 }]]),
  about: () => ({ latencyMs: 1, isLinked: true }),
};
const begun = (gaveAt: number | null): BegunDownload => ({ open: new Map(), awaited: [], savedBytes: 0, shares: new Map([[ana, { pieces: 3, bytes: 3 * MiB, failures: 0, rate: rateOf(gaveAt), gaveAt }]]) });
function rateOf(gaveAt: number | null): ShownRate {
  const rate = new ShownRate();
  if (gaveAt !== null) rate.add(gaveAt, 3 * MiB);
  return rate;
}

describe('who feeds a download', () => {
  it('is who gave a piece a moment ago, also when it lacks the next one for now', () => {
    expect(viewDetail(transfer, begun(99 * second), facts).sources).toMatchObject([{ peer: ana, state: 'feeding', bytes: 3 * MiB, rate: MiB }]);
  });

  it('is who gave a piece a moment ago and is asked for the next one', () => {
    const asked = { ...facts, sources: new Map([[ana, { state: 'asked' as const, until: null, late: 0 }]]) };
    expect(viewDetail(transfer, begun(99 * second), asked).sources).toMatchObject([{ state: 'feeding' }]);
    expect(viewDetail(transfer, begun(null), asked).sources).toMatchObject([{ state: 'asked' }]);
  });

  it.each([null, 90 * second])('is not who gave the last one long ago, or none (%s)', (gaveAt) => {
    expect(viewDetail(transfer, begun(gaveAt), facts).sources).toMatchObject([{ peer: ana, state: 'idle', rate: 0 }]);
  });
});

describe('the people of a download of which nobody knows any more who gave what', () => {
  const record: DownloadRecord = {
    id, number: 1, source: { kind: 'path', peer: ana, path: 'film' }, kind: 'file', name: 'film', bundle: false, base: '/nowhere', mountPoint: null, state: 'done', reason: null, priority: 'normal', inOrder: false, ranked: false,
    contentId: null, offered: null, audience: null, audienceBy: null, listed: true, listCursor: null, files: 1, bytes: MiB, listedEntries: 1, listedBytes: 0, foldersLeft: [], doneFiles: 1, doneBytes: MiB, reusedBytes: 0, partialBytes: 0, failedFiles: 0, path: null, addedAt: 1, finishedAt: 2,
  };

  it('are whoever it was fetched from', () => {
    expect(viewDownload(record, undefined, 3).peers).toEqual([ana]);
  });

  it('are nobody where only the content was asked for', () => {
    const contentId = contentIdOf(new Uint8Array(32));
    expect(viewDownload({ ...record, source: { kind: 'content', contentId } }, undefined, 3).peers).toEqual([]);
  });
});

describe('who stands ready for a download that asks nobody', () => {
  const stopped = (state: Transfer['state'], gaveAt: number | null) => viewDetail({ ...transfer, state }, begun(gaveAt), { ...facts, sources: new Map() }).sources[0];

  it.each(['paused', 'queued', 'failed', 'cancelled'] as const)('is not said to send, nor to lack anything (%s)', (state) => {
    expect([stopped(state, 99 * second), stopped(state, null)]).toMatchObject([{ state: 'unasked', rate: 0, bytes: 3 * MiB }, { state: 'unasked', rate: 0 }]);
  });

  it('has nothing to give any more when it is done', () => {
    expect(stopped('done', null)).toMatchObject({ state: 'idle' });
  });
});

describe('the pieces of a file that nothing is fetched of now', () => {
  it('are all there when it is done', () => {
    const { cells, pieces, verifiedPieces } = viewDetail({ ...transfer, state: 'done', doneBytes: transfer.bytes }, undefined, facts);
    expect([cells, pieces, verifiedPieces]).toEqual(['v'.repeat(58), 58, 58]);
  });

  it('are counted as what they are while it is paused', () => {
    const { cells, pieces, verifiedPieces } = viewDetail({ ...transfer, state: 'paused', doneBytes: 20 * MiB }, undefined, facts);
    expect([cells, pieces, verifiedPieces]).toEqual(['v'.repeat(20) + '.'.repeat(38), 58, 20]);
  });

  it('are none while nobody has said how large it is', () => {
    for (const kind of ['file', 'folder'] as const) expect(viewDetail({ ...transfer, kind, bytes: 0, state: 'waiting' }, undefined, facts)).toMatchObject({ cells: '', pieces: 0, verifiedPieces: 0 });
    expect(viewDetail({ ...transfer, kind: 'folder', bytes: 0, state: 'done' }, undefined, facts).cells).toBe('v'.repeat(200));
  });
});
