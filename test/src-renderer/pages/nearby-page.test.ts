import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { beforeEach, expect, it } from 'vitest';
import { h } from 'vue';
import { eventually } from '../eventually.ts';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import NearbyPage from '../../../src-renderer/pages/NearbyPage.vue';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { createFakeNode } from '../fake-node.ts';
import type { FakeNode } from '../fake-node.ts';
import { deviceIdFor } from '../fake/people.ts';
import { settled } from '../with-app.ts';

const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const named = (selector: string, name: string): HTMLElement | undefined => all(selector).find((each) => (each.getAttribute('aria-label') ?? each.textContent ?? '').trim() === name);

async function openOn(node: FakeNode): Promise<void> {
  const texts = createTexts();
  setLanguage(texts, 'en');
  const router = createAppRouter();
  await router.push('/');
  mount({ setup: () => { useLive().start(); return () => h(TooltipProvider, null, { default: () => h(NearbyPage) }); } }, { global: { plugins: [createPinia(), texts, router], provide: { [apiKey]: node.api } }, attachTo: document.body });
  await settled();
}
beforeEach(() => { document.body.innerHTML = ''; });

it.each([
  ['everyone', true, 'Open DistriShare on another device on this network and it appears here by itself.'],
  ['paired', true, 'While only trusted people see you, nobody new appears here.'],
  ['hidden', false, 'While you are hidden, nobody appears here by themselves.'],
] as const)('promises that somebody appears only to whom it is true (%s)', async (visibility, looks, said) => {
  await openOn(createFakeNode({ empty: true, settings: { visibility } }));
  expect([named('h2', said) !== undefined, document.body.textContent.includes('Looking for people')]).toEqual([true, looks]);
});

it.each([
  ['peers.forget', 'Plum Finch', 'Forget', 'Forget Plum Finch?', 'they are strangers'],
  ['peers.unpair', 'Amber Falcon', 'No longer trust', 'No longer trust Amber Falcon?', 'with trusted people or with them by name'],
] as const)('calls %s only when the user has said that it is meant', async (call, name, action, question, loss) => {
  const node = createFakeNode();
  await openOn(node);
  const called = (): unknown[] => node.calls.filter((each) => each.name === call).map(({ args }) => args);
  const answer = async (says: string): Promise<void> => {
    named('button', `More about ${name}`)?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    await eventually(() => expect(named('[role=menuitem]', action)).toBeDefined());
    named('[role=menuitem]', action)?.click();
    await eventually(() => expect(document.querySelector('[role=alertdialog]')?.textContent).toContain(question));
    expect(document.querySelector('[role=alertdialog]')?.textContent).toContain(loss);
    expect(called()).toEqual([]);
    named('[role=alertdialog] button', says)?.click();
    await settled();
    expect(document.querySelector('[role=alertdialog]')).toBeNull();
  };
  await answer('Cancel');
  expect(called()).toEqual([]);
  await answer(action);
  expect(called()).toEqual([{ peer: deviceIdFor(name) }]);
});

it.each([
  ['Amber Falcon', 'Test the connection', 'Connection with Amber Falcon'],
  ['Plum Finch', 'Why is Plum Finch not here?', 'Why is Plum Finch not here?'],
])('asks the doctor about %s, who is here or away', async (name, action, title) => {
  const node = createFakeNode();
  await openOn(node);
  named('button', `More about ${name}`)?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  await eventually(() => expect(named('[role=menuitem]', action)).toBeDefined());
  named('[role=menuitem]', action)?.click();
  await eventually(() => expect(named('[role=dialog] h2', title)).toBeDefined());
  expect(node.calls.filter((each) => each.name === 'doctor.run').map(({ args }) => args)).toEqual([{ peer: deviceIdFor(name) }]);
});

it('shows some of many people, more when they are wanted, and finds the others by name', async () => {
  const node = createFakeNode();
  const [someone] = node.world.peers;
  if (someone === undefined) throw new Error('nobody invented');
  node.world.peers.push(...Array.from({ length: 45 }, (_, number) => ({ ...someone, id: deviceIdFor(`Away ${number}`), name: `Ärger ${number}`, online: false, trust: number === 44 ? 'paired' as const : 'seen' as const, lastSeen: number })));
  await openOn(node);
  const cards = (): (string | null)[] => all('article').map((card) => card.getAttribute('aria-label')).filter((name) => name?.startsWith('Ärger') === true);
  const shown = cards().length;
  // Plum Finch is away, too, and trusted.
  expect([shown, cards()[0], cards()[1]]).toEqual([35, 'Ärger 44', 'Ärger 43']);
  named('button', 'Show 10 more (of 10)')?.click();
  await settled();
  expect(cards()).toHaveLength(45);
  const field = document.querySelector<HTMLInputElement>('input[type=search]');
  if (field === null) throw new Error('no field to filter by');
  field.value = 'arger 17';
  field.dispatchEvent(new Event('input'));
  await settled();
  expect(cards()).toEqual(['Ärger 17']);
});
