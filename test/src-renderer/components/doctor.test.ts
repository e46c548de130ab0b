import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import DoctorSteps from '../../../src-renderer/components/people/DoctorSteps.vue';
import NearbyPage from '../../../src-renderer/pages/NearbyPage.vue';
import { useLive } from '../../../src-renderer/stores/live.ts';
import type { AbortSignalLike } from '#shared/api/node-api.ts';
import { AppError } from '#shared/errors.ts';
import { createFakeNode, type FakeNode } from '../fake-node.ts';
import { inventedDiagnosis } from '../fake/diagnosis.ts';
import { mountComponent, settled } from '../with-app.ts';

beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] }); });
afterEach(() => {
  vi.useRealTimers();
  document.body.innerHTML = '';
});

const page = (node: FakeNode) => mountComponent({ components: { NearbyPage }, setup: () => void useLive().start(), template: '<NearbyPage />' }, {}, node);
const button = (text: string): HTMLButtonElement | undefined => [...document.querySelectorAll('button')].find((each) => each.textContent.trim() === text);

/** A doctor that never comes to an end by itself; gives the signals of its runs. */
function endlessRun(node: FakeNode): AbortSignalLike[] {
  const { call } = node.api;
  const signals: AbortSignalLike[] = [];
  node.api.call = (name, args, options) => {
    const signal = options?.signal;
    if (name !== 'doctor.run' || signal === undefined) return call(name, args, options);
    signals.push(signal);
    return new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new AppError('cancelled')); }); });
  };
  return signals;
}

it('whoever is alone for ten seconds is offered to find out why, and sees causes before what is in order', async () => {
  const node = createFakeNode({ empty: true });
  const wrapper = page(node);
  await settled();
  expect(button('Find out why')).toBeUndefined();
  vi.advanceTimersByTime(10_000);
  await settled();
  // In a small window the card is the last thing on the page, and what it finds out lies below its end.
  const shown = vi.spyOn(wrapper.get('.why').element, 'scrollIntoView');
  button('Find out why')?.click();
  await settled();
  expect(shown).toHaveBeenCalledWith({ block: 'start' });
  const lines = wrapper.findAll('.doctor__line').map((line) => [line.get('svg').attributes('aria-label'), line.text()]);
  expect(lines[0]).toEqual(['Not in order', expect.stringMatching(/Not even the announcements of this device come back.*allow incoming UDP on port 10000/)]);
  expect(lines.map(([state]) => state)).toEqual(['Not in order', 'Perhaps the reason', 'Perhaps the reason', 'In order', 'In order', 'In order', 'In order']);
  expect(wrapper.get('[role=status]').text()).toBe('Likeliest reason first:');
});

it('says what is tested, follows only its own run, and can be stopped', async () => {
  const node = createFakeNode({ empty: true });
  const signals = endlessRun(node);
  const wrapper = page(node);
  vi.advanceTimersByTime(10_000);
  await settled();
  button('Find out why')?.click();
  await settled();
  const now = inventedDiagnosis(null);
  node.emit({ type: 'diagnosis', diagnosis: { ...now, testing: 'multicast', progress: 0.5, steps: now.steps.slice(-2) } });
  node.emit({ type: 'diagnosis', diagnosis: inventedDiagnosis('somebody') });
  await settled();
  expect(wrapper.get('[role=status]').text()).toBe('Testing: Multicast');
  expect(wrapper.get('[role=progressbar]').attributes('aria-valuenow')).toBe('50');
  expect(wrapper.findAll('.doctor__line')).toHaveLength(2);
  button('Cancel')?.click();
  await settled();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(wrapper.find('.doctor').exists()).toBe(false);
  expect(button('Find out why')).toBeDefined();
});

it('a device without any network is offered it at once', async () => {
  page(createFakeNode({ empty: true, settings: { unusedNetworks: ['wlp0s20f3', 'tailscale0'] } }));
  await settled();
  expect(button('Find out why')).toBeDefined();
});

it.each([
  ['perhaps', inventedDiagnosis(null).steps.filter(({ state }) => state !== 'failed'), 'Nothing is broken here, but this may be the reason:'],
  ['allWell', inventedDiagnosis(null).steps.filter(({ state }) => state === 'ok'), 'Nothing here keeps others away.'],
] as const)('the headline says what it amounts to: %s', (_, steps, text) => {
  const wrapper = mountComponent(DoctorSteps, { diagnosis: { peer: null, testing: null, progress: 1, steps } });
  expect(wrapper.get('[role=status]').text()).toBe(text);
});
