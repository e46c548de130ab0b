import { describe, expect, it, vi } from 'vitest';
import PersonCard from '../../../src-renderer/components/people/PersonCard.vue';
import SelfCard from '../../../src-renderer/components/people/SelfCard.vue';
import { sharesText } from '../../../src-renderer/components/people/shares-text.ts';
import { epoch, inventedPeople } from '../fake/people.ts';
import { createFakeNode } from '../fake-node.ts';
import { mountComponent } from '../with-app.ts';

const card = (name: string, part: Record<string, unknown> = {}) => {
  const peer = inventedPeople().find((each) => each.name === name);
  const { onBrowse, ...changed } = part;
  return mountComponent(PersonCard, { peer: { ...peer, ...changed }, now: epoch, held: false, target: false, sendItems: [], onBrowse });
};

describe('a person', () => {
  it('shows who, trust, path with latency, and what they share', () => {
    const text = card('Amber Falcon').text();
    for (const part of ['Amber Falcon', 'Windows', 'Trusted', 'LAN', '0.4', 'Film scans, Manuals and 2 more', '412']) expect(text).toContain(part);
  });
  it('shows a name as text, never as markup', () => {
    const wrapper = card('Amber Falcon', { name: '<img src=x onerror=alert(1)>' });
    expect(wrapper.find('img').exists()).toBe(false);
    expect(wrapper.text()).toContain('<img src=x onerror=alert(1)>');
  });
  it('says since when somebody is away, and offers neither browsing nor sending', () => {
    const wrapper = card('Plum Finch');
    expect(wrapper.text()).toContain('Seen 5 hours ago');
    expect(wrapper.text()).not.toContain('Browse');
  });
  it('claims nothing of what somebody who is away shares when that is not known', () => {
    expect(card('Plum Finch', { shares: { count: 0, bytes: 0, names: [] } }).text()).not.toContain('Shares nothing');
    expect(card('Plum Finch').text()).toContain('Recipes');
    expect(card('Amber Falcon', { shares: { count: 0, bytes: 0, names: [] } }).text()).toContain('Shares nothing with you');
  });
  it('shares more than is named: how much more is said wherever names are', () => {
    const say = (key: string, params: Record<string, unknown> = {}): string => `${key} ${JSON.stringify(params)}`;
    expect(sharesText({ names: ['A', 'B', 'C'], count: 60, bytes: 1 }, 3, say)).toBe('ui.nearby.sharesAndMore {"names":"A, B, C","n":57}');
    expect(sharesText({ names: ['A', 'B', 'C'], count: 3, bytes: 1 }, 2, say)).toBe('ui.nearby.sharesAndMore {"names":"A, B","n":1}');
    expect(sharesText({ names: ['A', 'B'], count: 2, bytes: 1 }, 2, say)).toBe('A, B');
  });
  it('leads to what they share wherever it is clicked but on its buttons, as long as they are here', async () => {
    const clicks = async (name: string, selector: string): Promise<number> => {
      const onBrowse = vi.fn();
      await card(name, { onBrowse }).find(selector).trigger('click');
      return onBrowse.mock.calls.length;
    };
    expect(await clicks('Amber Falcon', 'h3')).toBe(1);
    expect(await clicks('Amber Falcon', 'button[aria-haspopup]')).toBe(0);
    expect(await clicks('Plum Finch', 'h3')).toBe(0);
  });
  it('takes drops only while they are here', () => {
    expect(card('Amber Falcon').find('[data-drop-person]').exists()).toBe(true);
    expect(card('Plum Finch').find('[data-drop-person]').exists()).toBe(false);
  });
});

describe('oneself', () => {
  it.each([['everyone', 'Others see you as Jade Otter'], ['paired', 'Others see you as Jade Otter'], ['hidden', 'You are Jade Otter']])('is said to be seen only while others can (%s)', (visibility, said) => {
    expect(mountComponent(SelfCard, { status: createFakeNode().world.status(), visibility, shares: 0, bytes: 0 }).get('p').text()).toBe(said);
  });
});
