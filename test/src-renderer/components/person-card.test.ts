import { describe, expect, it } from 'vitest';
import PersonCard from '../../../src-renderer/components/people/PersonCard.vue';
import { epoch, inventedPeople } from '../fake/people.ts';
import { mountComponent } from '../with-app.ts';

const card = (name: string, part: Record<string, unknown> = {}) => {
  const peer = inventedPeople().find((each) => each.name === name);
  return mountComponent(PersonCard, { peer: { ...peer, ...part }, now: epoch, held: false, target: false, sendItems: [] });
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
  it('takes drops only while they are here', () => {
    expect(card('Amber Falcon').find('[data-drop-person]').exists()).toBe(true);
    expect(card('Plum Finch').find('[data-drop-person]').exists()).toBe(false);
  });
});
