import { describe, expect, it, vi } from 'vitest';
import type { SearchState } from '#shared/model/search.ts';
import ProgressBar from '../../../src-renderer/components/base/ProgressBar.vue';
import AskedPanel from '../../../src-renderer/components/search/AskedPanel.vue';
import { mainAction, transferActions } from '../../../src-renderer/components/transfers/transfer-facts.ts';
import TransferRow from '../../../src-renderer/components/transfers/TransferRow.vue';
import { mount } from '@vue/test-utils';
import { deviceIdFor, inventedPeople } from '../fake/people.ts';
import { inventTransfer, inventedTransfers } from '../fake/transfers.ts';
import { mountComponent } from '../with-app.ts';

const row = (name: string) => mountComponent(TransferRow, { transfer: inventedTransfers().find((each) => each.name === name), people: inventedPeople().slice(0, 1), expanded: false, canShow: false });

describe('a transfer', () => {
  it('says how much is there, from whom, how fast and how long', () => {
    const text = row('Field recordings 2025').text();
    for (const part of ['108 of 1,204 files', '3.46', 'from Amber Falcon', 'MB/s']) expect(text.replaceAll('\u00a0', ' ')).toContain(part);
  });
  it('says why it waits, and what ends it', () => {
    const text = row('Archive_2019-2023.tar.zst').text();
    expect(text).toContain('The disk with “/media/archive” is full.');
    expect(text).toContain('It continues by itself when there is room again.');
  });
  it('offers what fits its state', () => {
    const of = (state: Parameters<typeof inventTransfer>[0]['state']) => inventTransfer({ name: 'x', kind: 'folder', ...(state ? { state } : {}) });
    expect([mainAction(of('running')), mainAction(of('paused')), mainAction(of('failed')), mainAction(of('done'))]).toEqual(['pause', 'resume', 'retry', null]);
    const ids = (transfer: ReturnType<typeof of>) => transferActions(transfer, true, String).map((item) => item.id);
    expect(ids(of('running'))).toEqual(['show', 'files', 'copy-id', 'high', 'normal', 'low', 'cancel']);
    expect(ids(of('done'))).toEqual(['show', 'again', 'copy-id', 'forget']);
    expect(ids({ ...of('cancelled'), contentId: null })).toEqual(['show', 'forget']);
    expect(ids({ ...of('running'), direction: 'up', path: null, contentId: null })).toEqual(['cancel']);
  });
});

describe('a progress bar', () => {
  it('never goes backward while it shows one thing', async () => {
    const bar = mount(ProgressBar, { props: { value: 50, max: 100, label: 'x' } });
    const now = (): string | undefined => bar.find('[role=progressbar]').attributes('aria-valuenow');
    await bar.setProps({ value: 40 });
    expect(now()).toBe('50');
    await bar.setProps({ value: 60 });
    expect(now()).toBe('60');
    await bar.setProps({ value: 10, max: 200 });
    expect(now()).toBe('5');
  });
});

describe('who was asked', () => {
  it('keeps apart: has nothing, no answer yet, not reachable', () => {
    const people = inventedPeople();
    const states = ['answered', 'none', 'waiting', 'unreachable'] as const;
    const search: SearchState = { id: 'x', words: 'x', finished: false, truncated: false, hits: [], peers: states.map((state, index) => ({ peer: deviceIdFor(people[index]?.name ?? ''), state, hits: index === 0 ? 3 : 0 })) };
    const wrapper = mountComponent(AskedPanel, { search, person: vi.fn((id: string) => people.find((peer) => peer.id === id)) });
    const groups = wrapper.findAll('section').map((section) => section.text().replace(/\s+/g, ' '));
    expect(groups).toEqual(['Amber Falcon3', 'Have nothingCoral Heronnothing', 'No answer yetSlate Lynx', 'Not reachableMoss Badgernot reachable']);
    expect(wrapper.text()).toContain('2 of 4 answered');
  });
});
