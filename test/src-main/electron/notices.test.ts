import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import { offerSchema } from '#shared/model/offer.ts';
import type { Offer } from '#shared/model/offer.ts';
import { peerSchema } from '#shared/model/peer.ts';
import { transferSchema } from '#shared/model/transfer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { Notices, noticeBody } from '#main/electron/notices.ts';
import { TransferTotals } from '#main/electron/transfer-totals.ts';
import { deviceB } from '../../contract/fake-node.ts';

const startedAt = 1_000_000;

const transfer = (change: Partial<Transfer>): NodeEvent => ({
  type: 'transfer',
  transfer: {
    ...transferSchema.parse({
      id: 'b'.repeat(16), direction: 'down', name: 'film.mkv', kind: 'file', state: 'running', reason: null, bytes: 100, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0,
      etaSeconds: null, priority: 'normal', inOrder: false, peers: [], path: '/d/film.mkv', contentId: null, addedAt: 1, finishedAt: null,
    }),
    ...change,
  },
});
const offer = (change: Partial<Offer>): NodeEvent => ({
  type: 'offer',
  offer: {
    ...offerSchema.parse({
      id: 'a'.repeat(32), direction: 'in', peer: deviceB, state: 'asked', reason: null, text: null, count: 1, bytes: 1_870_000_000, doneBytes: 0, transfers: [], at: 1,
      items: [{ name: 'film.mkv', kind: 'file', bytes: 1_870_000_000, files: 1 }],
    }),
    ...change,
  },
});
const peer: NodeEvent = {
  type: 'peer',
  peer: peerSchema.parse({
    id: deviceB, name: 'Amber Falcon', avatarSeed: '', platform: 'linux', online: true, trust: 'seen', autoAccept: false, sources: [], address: null, path: null, latencyMs: null, lastSeen: 1,
    shares: { names: [], count: 0, bytes: 0 }, downRate: 0, upRate: 0, version: '1',
  }),
};

function titles(events: NodeEvent[], locale: 'en' | 'es' = 'en'): (string | undefined)[] {
  const notices = new Notices(startedAt);
  return events.map((event) => notices.step(event, locale)?.title);
}

describe('notices', () => {
  it('tell once of an offer, by the name of who sends it', () => {
    expect(titles([peer, offer({}), offer({}), offer({ state: 'accepted' })])).toEqual([undefined, 'Amber Falcon wants to send you something', undefined, undefined]);
    expect(titles([peer, offer({})], 'es')[1]).toContain('Amber Falcon');
  });

  it('say what is offered and how much', () => {
    const notices = new Notices(startedAt);
    expect(notices.step(offer({}), 'en')?.body).toBe('film.mkv, 1.87\u00a0GB');
    expect(notices.step(offer({ id: 'd'.repeat(32) as Offer['id'], items: [{ name: 'photo\u202egpj.exe', kind: 'file', bytes: 1, files: 1 }] }), 'en')?.body).toContain('photo_gpj.exe');
    expect(notices.step(offer({ id: 'c'.repeat(32) as Offer['id'], count: 3 }), 'en')?.body).toBe('3 items, 1.87\u00a0GB');
  });

  it('tell of a download that ends, not of one that ended before the start', () => {
    const finishedAt = startedAt + 5;
    expect(titles([transfer({}), transfer({ state: 'done', finishedAt }), transfer({ state: 'done', finishedAt })])).toEqual([undefined, '“film.mkv” has arrived', undefined]);
    expect(titles([transfer({ state: 'done', finishedAt: startedAt - 5 })])).toEqual([undefined]);
    expect(titles([transfer({ direction: 'up', state: 'done', finishedAt })])).toEqual([undefined]);
  });

  it('tell why a download has stopped', () => {
    const notice = new Notices(startedAt).step(transfer({ state: 'failed', reason: { code: 'no-permission' } }), 'en');
    expect(notice?.title).toBe('“film.mkv” has stopped');
    expect(notice?.body).not.toBe('');
  });

  it.each([
    ['linux', '&lt;img src="file:///etc/hostname"&gt; &amp;lt; ¿qué? &amp; más'],
    ['win32', '<img src="file:///etc/hostname"> &lt; ¿qué? & más'],
    ['darwin', '<img src="file:///etc/hostname"> &lt; ¿qué? & más'],
  ] as const)('show what strangers write as it is written, where the system reads markup (%s)', (platform, shown) => {
    const text = '<img src="file:///etc/hostname"> &lt; ¿qué? & más';
    expect(noticeBody(new Notices(startedAt).step(offer({ text, items: [] }), 'en')?.body ?? '', platform)).toBe(shown);
  });

  it('tell the sender how it went', () => {
    expect(titles([peer, offer({ direction: 'out', state: 'done' }), offer({ direction: 'out', state: 'declined' })])).toEqual([
      undefined, 'Amber Falcon has received everything', 'Amber Falcon declined',
    ]);
  });
});

describe('totals for the taskbar', () => {
  const fractionAfter = (events: NodeEvent[]): number | null => {
    const totals = new TransferTotals();
    for (const event of events) totals.step(event);
    return totals.fraction;
  };
  const other = { id: 'c'.repeat(16) as Transfer['id'] };

  it('add up what runs down, and nothing else', () => {
    expect(fractionAfter([])).toBeNull();
    expect(fractionAfter([transfer({ doneBytes: 50 }), transfer({ ...other, bytes: 300, doneBytes: 150 })])).toBe(0.5);
    expect(fractionAfter([transfer({ doneBytes: 50 }), transfer({ ...other, direction: 'up', doneBytes: 0 })])).toBe(0.5);
    expect(fractionAfter([transfer({ doneBytes: 50 }), transfer({ state: 'done' })])).toBeNull();
    expect(fractionAfter([transfer({ doneBytes: 50 }), { type: 'transfers-gone', direction: 'down', ids: ['b'.repeat(16) as Transfer['id']] }])).toBeNull();
    expect(fractionAfter([transfer({ bytes: 0 })])).toBe(0);
  });
});
