import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deviceIdFor } from '../fake/people.ts';
import { inventedOffer } from '../fake/shares.ts';
import ToastCard from '../../../src-renderer/components/offers/ToastCard.vue';
import { announceOffer } from '../../../src-renderer/stores/announce.ts';
import type { NoticeBody } from '../../../src-renderer/stores/notices.ts';
import type { Offer } from '#shared/model/offer.ts';
import { mountComponent } from '../with-app.ts';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const said = (body: NoticeBody): string => mountComponent(ToastCard, { notice: { id: 1, at: 0, body } }).get('.toast__title').text().replaceAll('\u00a0', ' ');
const sent = (part: Partial<Offer>): Offer => ({ ...inventedOffer(), direction: 'out', peer: deviceIdFor('Coral Heron'), text: null, bytes: 12e6, count: 1, items: [{ name: 'film.mov', kind: 'file', bytes: 12e6, files: 1 }], state: 'done', ...part });
function delivered(part: Partial<Offer>): string {
  const told: NoticeBody[] = [];
  announceOffer({ add: (body) => { told.push(body); } }, sent({ ...part, state: 'accepted' }), sent(part), 'Coral Heron');
  return told.map(said).join();
}

describe('a toast', () => {
  it('of something with a long name shows how it begins and how it ends', () => {
    const name = `Recorded from the balcony ${'a very long evening '.repeat(10)}, second take.mov`;
    const title = said({ kind: 'done', title: 'ui.notice.arrived', params: { name } });
    expect(title).toContain('Recorded from the balcony a very long');
    expect(title).toContain('…');
    expect(title).toContain('second take.mov');
    expect(Array.from(title).length).toBeLessThan(90);
  });

  it('cuts no letter of two halves in two, and leaves a name of the longest that fits whole', () => {
    expect(said({ kind: 'done', title: 'ui.notice.arrived', params: { name: '🎞'.repeat(80) } })).toMatch(/^\P{Cs}*🎞+…🎞+\P{Cs}*$/u);
    const fits = 'x'.repeat(52) + '.mov';
    expect(said({ kind: 'done', title: 'ui.notice.arrived', params: { name: fits } })).toContain(fits);
  });

  it('says what somebody has received: a thing by its name, several, or a text', () => {
    expect(delivered({})).toMatch(/Coral Heron has received .*film\.mov/);
    const two = sent({}).items;
    expect(delivered({ items: [...two, ...two], count: 2 })).toMatch(/^Coral Heron has received (?!.*film)/);
    expect(delivered({ text: 'hello', items: [], count: 0 })).toMatch(/Coral Heron/);
  });
});
