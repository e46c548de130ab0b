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

  it.each([
    ['40', [40], null], ['20', [], null], ['3', [], 'a number from 5 to 1000'], ['99999', [], 'a number from 5 to 1000'], ['-20', [], 'a number from 5 to 1000'], ['', [], 'a whole number'], ['soon', [], 'a whole number'],
  ])('takes what is typed within its bounds, and says of anything else what is wrong: %s', async (typed, expected, said) => {
    const { wrapper, told } = mounted(PingBudgetField, { modelValue: 20, speed: quiet });
    const field = wrapper.get<HTMLInputElement>('input.field');
    await field.setValue(typed);
    expect([...new Set(told)]).toEqual(expected);
    expect([field.element.value, field.attributes('aria-invalid'), wrapper.find('[role=alert]').exists()]).toEqual([typed, String(said !== null), said !== null]);
    if (said === null) return;
    expect(wrapper.get('[role=alert]').text()).toContain(said);
    await field.setValue('20');
    expect([told, wrapper.find('[role=alert]').exists()]).toEqual([[], false]);
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

  it.each([
    ['-5', 'en', 'The value for “Receiving” does not fit: 0.01 MB/s at least. Correct it and try again.'], ['0', 'es', 'El valor de «Receiving» no encaja: 0,01 MB/s como mínimo.'],
    ['soon', 'en', 'a number such as 2.5'], ['', 'es', 'un número como 2,5'], ['1e30', 'en', '9,007,199,254 MB/s at most'],
  ])('that cannot be is kept as it was typed, with what is wrong beside it: %s', async (typed, language, said) => {
    const { wrapper, told } = mounted(RateLimitField, { id: 'x', label: 'Receiving', modelValue: 1_250_000 });
    wrapper.vm.$i18n.locale = language;
    const field = wrapper.get<HTMLInputElement>('input.field');
    await field.setValue(typed);
    expect([told, field.element.value, field.attributes('aria-invalid')]).toEqual([[], typed, 'true']);
    expect(wrapper.get('[role=alert]').text()).toContain(said);
    await field.setValue('1.25');
    expect([new Set(told), wrapper.find('[role=alert]').exists(), field.attributes('aria-invalid')]).toEqual([new Set([1_250_000]), false, 'false']);
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
