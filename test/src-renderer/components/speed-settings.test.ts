import { describe, expect, it } from 'vitest';
import PeerLimitsDialog from '../../../src-renderer/components/people/PeerLimitsDialog.vue';
import PingBudgetField from '../../../src-renderer/components/settings/PingBudgetField.vue';
import ScheduleField from '../../../src-renderer/components/settings/ScheduleField.vue';
import SpeedSection from '../../../src-renderer/components/settings/SpeedSection.vue';
import RateLimitField from '../../../src-renderer/components/transfers/RateLimitField.vue';
import { defaultSettings } from '#shared/settings.ts';
import { inventedPeople } from '../fake/people.ts';
import { mountComponent, settled } from '../with-app.ts';

const quiet = { alternative: false, down: null, up: null, addedDelayMs: null };
const schedule = { on: true, days: ['mon', 'wed'], from: '08:00', to: '20:00' };
/** A component, and what it emitted of one event. */
function mounted(component: Parameters<typeof mountComponent>[0], props: Record<string, unknown>, event = 'onUpdate:modelValue') {
  const told: unknown[] = [];
  return { told, wrapper: mountComponent(component, { ...props, [event]: (value: unknown) => { told.push(value); } }) };
}

describe('protect my ping', () => {
  it('is switched on with a usual budget, and off', async () => {
    const { wrapper, told } = mounted(PingBudgetField, { modelValue: 'off', speed: quiet });
    expect(wrapper.find('input.field').exists()).toBe(false);
    await wrapper.get('[role=switch]').trigger('click');
    const on = mounted(PingBudgetField, { modelValue: 35, speed: quiet });
    await on.wrapper.get('[role=switch]').trigger('click');
    expect([told, on.told]).toEqual([[20], ['off']]);
  });

  it.each([['40', [40]], ['3', [5]], ['99999', [1000]], ['', []], ['soon', []], ['20', []]])('takes what is typed within its bounds: %s', async (typed, expected) => {
    const { wrapper, told } = mounted(PingBudgetField, { modelValue: 20, speed: quiet });
    await wrapper.get('input.field').setValue(typed);
    await wrapper.get('input.field').trigger('change');
    expect([...new Set(told)]).toEqual(expected);
  });

  it('tells what transfers add now, and what is held back because of it', () => {
    const speed = { ...quiet, addedDelayMs: 12.4, down: { bytesPerSecond: 2_000_000, cause: 'ping' }, up: { bytesPerSecond: 500_000, cause: 'limit' } };
    const text = mounted(PingBudgetField, { modelValue: 20, speed }).wrapper.text();
    expect(text).toContain('Transfers add 12');
    expect(text).toContain('Held to ↓ 2');
    expect(text).not.toContain('↑');
    expect(mounted(PingBudgetField, { modelValue: 20, speed: quiet }).wrapper.text()).toContain('add nothing now');
  });
});

describe('a limit', () => {
  it('is written and read as the language writes decimals', async () => {
    const { wrapper, told } = mounted(RateLimitField, { id: 'x', label: 'Receiving', modelValue: 1_250_000 });
    const field = wrapper.get<HTMLInputElement>('input.field');
    expect(field.element.value).toBe('1.25');
    wrapper.vm.$i18n.locale = 'es';
    await settled();
    expect(field.element.value).toBe('1,25');
    await field.setValue('1234,5');
    expect(new Set(told)).toEqual(new Set([1_234_500_000]));
  });
});

describe('the schedule', () => {
  it('keeps the days in the order of the week', async () => {
    const { wrapper, told } = mounted(ScheduleField, { modelValue: schedule });
    await wrapper.get('[aria-label=Tuesday]').trigger('click');
    await wrapper.get('[aria-label=Monday]').trigger('click');
    expect(told).toEqual([{ ...schedule, days: ['mon', 'tue', 'wed'] }, { ...schedule, days: ['wed'] }]);
    expect(wrapper.get('[aria-label=Monday]').attributes('aria-pressed')).toBe('true');
  });

  it('takes times of the day, and nothing else', async () => {
    const { wrapper, told } = mounted(ScheduleField, { modelValue: schedule });
    await wrapper.get('[aria-label=To]').setValue('06:30');
    await wrapper.get('[aria-label=From]').setValue('');
    expect(told).toEqual([{ ...schedule, to: '06:30' }]);
    expect(mounted(ScheduleField, { modelValue: { ...schedule, to: '06:30' } }).wrapper.text()).toContain('the next day');
    expect(wrapper.text()).not.toContain('the next day');
  });
});

describe('limits with one person', () => {
  const peer = { ...inventedPeople()[0], limits: { down: 2_000_000, up: 'off' } };

  it('are listed under the settings, and can be changed from there', async () => {
    const { wrapper, told } = mounted(SpeedSection, { settings: { ...defaultSettings, name: 'A', downloadDir: '/d' }, speed: quiet, limited: [peer] }, 'onEdit');
    expect(wrapper.text()).toContain('↓ 2');
    await wrapper.get(`[aria-label="Change the limits with ${peer.name}"]`).trigger('click');
    expect(told).toEqual([peer]);
  });

  it('hold at once, each direction by itself', async () => {
    const { told } = mounted(PeerLimitsDialog, { peer }, 'onChange');
    await settled();
    const [down, up] = [...document.querySelectorAll<HTMLElement>('[role=dialog] [role=switch]')];
    down?.click();
    up?.click();
    expect(told).toEqual([{ down: 'off' }, { up: 10_000_000 }]);
  });
});
