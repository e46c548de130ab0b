import { describe, expect, it, vi } from 'vitest';
import { h, nextTick, shallowReactive } from 'vue';
import OfferPrompt from '../../../src-renderer/components/offers/OfferPrompt.vue';
import ToastCard from '../../../src-renderer/components/offers/ToastCard.vue';
import AudienceDialog from '../../../src-renderer/components/shares/AudienceDialog.vue';
import PairDialog from '../../../src-renderer/components/people/PairDialog.vue';
import CornerHost from '../../../src-renderer/pages/overlays/CornerHost.vue';
import { useOffers } from '../../../src-renderer/stores/offers.ts';
import { createFakeNode } from '../fake-node.ts';
import { epoch, inventedPeople } from '../fake/people.ts';
import { inventedOffer, inventedText } from '../fake/shares.ts';
import { mountComponent, settled } from '../with-app.ts';

const button = (text: string): HTMLButtonElement => {
  const found = [...document.querySelectorAll('button')].find((each) => each.textContent?.trim() === text);
  if (!found) throw new Error(`no button ${text}`);
  return found;
};
const peer = inventedPeople()[0];

describe('an offer', () => {
  it('says who, how much and where to, and passes on the answer', async () => {
    const onAccept = vi.fn();
    const onDecline = vi.fn();
    const wrapper = mountComponent(OfferPrompt, { offer: inventedOffer(), peer, more: 2, folder: '/home/jade/Downloads', onAccept, onDecline });
    expect(wrapper.text()).toContain('Amber Falcon wants to send you 3 files');
    expect(wrapper.text()).toContain('Goes to Downloads');
    expect(wrapper.text()).toContain('and 2 more wait');
    expect(document.activeElement).toBe(document.body);
    button('Options').click();
    await nextTick();
    wrapper.find('[role=switch]').element.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    await nextTick();
    button('Accept').click();
    expect(onAccept).toHaveBeenCalledWith(true);
    button('Decline').click();
    expect(onDecline).toHaveBeenCalledOnce();
  });
  it('shows the real end of a name that turns itself around', () => {
    const name = 'photo\u202egpj.exe';
    const wrapper = mountComponent(OfferPrompt, { offer: { ...inventedOffer(), items: [{ name, kind: 'file', bytes: 1, files: 1 }], count: 1 }, peer, more: 0, folder: '' });
    expect(wrapper.html()).not.toContain('\u202e');
    expect(wrapper.text()).toContain('photo_gpj.exe');
  });
  it('shows a text as it is, with line breaks and no markup', () => {
    const wrapper = mountComponent(OfferPrompt, { offer: { ...inventedText(), text: '<b>x</b>\ny' }, peer, more: 0, folder: '' });
    expect(wrapper.find('b').exists()).toBe(false);
    expect(wrapper.text()).toContain('<b>x</b>\ny');
  });
  it('of a text that is closed was taken: who sent it hears that it arrived', async () => {
    const node = createFakeNode();
    mountComponent({ setup: () => { void useOffers().load(); return () => h(CornerHost); } }, {}, node);
    const answers = (): [string, unknown][] => node.calls.filter(({ name }) => name === 'offers.accept' || name === 'offers.decline').map(({ name, args }) => [name, args]);
    await settled();
    button('Decline').click();
    await settled();
    button('Dismiss').click();
    await settled();
    expect(answers()).toEqual([['offers.decline', { id: inventedOffer().id }], ['offers.accept', { id: inventedText().id }]]);
  });
});

describe('the audience of something new', () => {
  it('is chosen by nobody but the user: nothing is marked, and the button waits', async () => {
    const onChoose = vi.fn();
    mountComponent(AudienceDialog, { paths: ['/home/jade/Film'], people: inventedPeople(), rooms: [], current: null, onChoose });
    await nextTick();
    expect(document.querySelectorAll('[role=radio][aria-checked=true]')).toHaveLength(0);
    expect(button('Share').disabled).toBe(true);
    document.querySelectorAll<HTMLButtonElement>('[role=radio]')[1]?.click();
    await nextTick();
    expect(button('Share').disabled).toBe(true);
    document.querySelector<HTMLButtonElement>('[role=checkbox]')?.click();
    await nextTick();
    button('Share').click();
    expect(onChoose).toHaveBeenCalledWith({ kind: 'devices', devices: [peer?.id] });
  });
});

describe('comparing codes', () => {
  const pairing = { peer: peer?.id, state: 'compare', code: '482 913', startedByUs: true, expiresAt: epoch };
  it('passes on what the user sees, and that the user leaves', async () => {
    const [onAnswer, onLeave] = [vi.fn(), vi.fn()];
    mountComponent(PairDialog, { pairing, peer, onAnswer, onLeave });
    await nextTick();
    expect(document.body.textContent).toContain('482');
    button('They are the same').click();
    document.querySelector('[role=dialog]')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await nextTick();
    expect([onAnswer.mock.calls, onLeave.mock.calls]).toEqual([[[true]], [[]]]);
  });

  it.each([['who saw two is told what that means', 'They differ', 'somebody stands between you'], ['who only stays away is not', 'They are the same', 'Amber Falcon stays as before']])('%s', async (_case, answer, told) => {
    const props = shallowReactive<Record<string, unknown>>({ pairing, peer });
    mountComponent(PairDialog, props);
    await nextTick();
    button(answer).click();
    props['pairing'] = { ...pairing, state: 'failed' };
    await settled();
    const said = ['somebody stands between you', 'Amber Falcon stays as before'].filter((text) => document.body.textContent.includes(text));
    expect(said).toEqual([told]);
  });
});

describe('a toast', () => {
  it('leaves out the middle of a name that is long, not its end', () => {
    const long = 'Annual report and budget presentation with all appendices, final version, approved by finance (2).pptx';
    const said = (name: string): string => mounted({ kind: 'done', title: 'ui.notice.arrived', params: { name } }, vi.fn()).text();
    expect(said(long)).toContain('Annual report and budget presentation w…finance (2).pptx arrived');
    expect(said('film.mkv')).toContain('film.mkv arrived');
  });
  const mounted = (body: unknown, onClose: () => void) => mountComponent(ToastCard, { notice: { id: 1, at: 0, body }, onClose });
  it('goes after a while, not while pointed at; a problem stays until it is closed', async () => {
    vi.useFakeTimers();
    const gone = vi.fn();
    const info = mounted({ kind: 'info', title: 'ui.notice.started', params: { n: 2 } }, gone);
    expect(info.text()).toContain('2 downloads started');
    await info.find('.toast').trigger('mouseenter');
    vi.advanceTimersByTime(60_000);
    expect(gone).not.toHaveBeenCalled();
    await info.find('.toast').trigger('mouseleave');
    vi.advanceTimersByTime(6_000);
    expect(gone).toHaveBeenCalledOnce();

    const stays = vi.fn();
    const problem = mounted({ kind: 'problem', error: { code: 'timeout' } }, stays);
    vi.advanceTimersByTime(60_000);
    expect(stays).not.toHaveBeenCalled();
    expect(problem.findAll('p')).toHaveLength(2);
  });
});
