import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { expect, it } from 'vitest';
import { h } from 'vue';
import { eventually } from '../eventually.ts';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import SharesPage from '../../../src-renderer/pages/SharesPage.vue';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { usePicker } from '../../../src-renderer/stores/picker.ts';
import { useSharing } from '../../../src-renderer/stores/sharing.ts';
import { shareIdSchema } from '#shared/model/ids.ts';
import { useShares } from '../../../src-renderer/stores/shares.ts';
import { createFakeNode } from '../fake-node.ts';
import { settled } from '../with-app.ts';

it('asks at once for what the desktop’s menu wants to share, and only once', async () => {
  const pinia = createPinia();
  const texts = createTexts();
  setLanguage(texts, 'en');
  const router = createAppRouter();
  await router.push('/shares?add=folder');
  mount({ render: () => h(TooltipProvider, null, { default: () => h(SharesPage) }) }, { global: { plugins: [pinia, texts, router], provide: { [apiKey]: createFakeNode({ empty: true }).api } } });
  const picker = usePicker(pinia);
  const sharing = useSharing(pinia);
  // The page it is on is a chunk of its own that arrives when it likes.
  await eventually(() => expect(picker.request).toMatchObject({ kind: 'folder', multiple: true }));
  picker.close(['/home/jade/Photos']);
  await settled();
  expect(sharing.waiting).toEqual(['/home/jade/Photos']);
  expect(router.currentRoute.value.fullPath).toBe('/shares');
  // The menu again, while the page is already there.
  await router.push('/shares?add=files');
  await eventually(() => expect(picker.request).toMatchObject({ kind: 'files' }));
});

it('finds a share among many by its name, once there are many', async () => {
  const pinia = createPinia();
  const texts = createTexts();
  setLanguage(texts, 'en');
  const router = createAppRouter();
  const node = createFakeNode();
  await router.push('/shares');
  const page = mount({ render: () => h(TooltipProvider, null, { default: () => h(SharesPage) }) }, { global: { plugins: [pinia, texts, router], provide: { [apiKey]: node.api } }, attachTo: document.body });
  const shares = useShares(pinia);
  const [first] = node.world.shares;
  if (!first) throw new Error('invented');
  const names = (): string[] => page.findAll('article.share').map((row) => row.attributes('aria-label') ?? '');
  shares.set(first);
  await settled();
  expect([names(), page.find('input[type=search]').exists()]).toEqual([[first.name], false]);
  for (let week = 1; week <= 30; week++) shares.set({ ...first, id: shareIdSchema.parse(week.toString(16).padStart(32, '0')), name: `Semana número ${week}` });
  await settled();
  await page.get('input[type=search]').setValue('NUMERO 17');
  expect(names()).toEqual(['Semana número 17']);
  await page.get('input[type=search]').setValue('nothing of the kind');
  expect([names(), page.text().includes('You share nothing with such a name.')]).toEqual([[], true]);
});
