import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { expect, it } from 'vitest';
import { h } from 'vue';
import { eventually } from '../eventually.ts';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import TransfersPage from '../../../src-renderer/pages/TransfersPage.vue';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { createFakeNode } from '../fake-node.ts';
import { inventTransfer } from '../fake/transfers.ts';
import { settled } from '../with-app.ts';

const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const named = (selector: string, name: string): HTMLElement | undefined => all(selector).find((each) => (each.textContent ?? '').trim() === name);

async function openPage(node: ReturnType<typeof createFakeNode>): Promise<void> {
  const texts = createTexts();
  setLanguage(texts, 'en');
  const router = createAppRouter();
  await router.push('/transfers');
  mount({ setup: () => { useLive().start(); return () => h(TooltipProvider, null, { default: () => h(TransfersPage) }); } }, { global: { plugins: [createPinia(), texts, router], provide: { [apiKey]: node.api } }, attachTo: document.body });
  await settled();
}

it('what is shown where there are no transfers is no list without entries', async () => {
  const node = createFakeNode({ empty: true });
  await openPage(node);
  expect(named('button', 'Browse people')?.closest('[role=list]')).toBeNull();
});

it('thousands of finished transfers leave the list after one question, which says how many they are', async () => {
  const node = createFakeNode({ empty: true });
  node.world.transfers = Array.from({ length: 3000 }, (_, number) => inventTransfer({ name: `file ${number}`, state: 'done', finishedAt: number }));
  await openPage(node);
  all('[role=radio]')[1]?.click();
  await eventually(() => expect(named('button', 'Clear the list…')).toBeDefined());
  named('button', 'Clear the list…')?.click();
  await eventually(() => expect(document.querySelector('[role=alertdialog]')?.textContent).toContain('Clear 3,000 finished transfers from the list?'));
  const forgotten = (): number => node.calls.filter(({ name }) => name === 'transfers.forget').length;
  expect(forgotten()).toBe(0);
  named('[role=alertdialog] button', 'Clear the list')?.click();
  await eventually(() => expect(named('button', 'Clear the list…')).toBeUndefined());
  expect(forgotten()).toBe(1);
});
