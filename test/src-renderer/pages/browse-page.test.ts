import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { expect, it } from 'vitest';
import { h } from 'vue';
import { eventually } from '../eventually.ts';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import BrowsePage from '../../../src-renderer/pages/BrowsePage.vue';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { usePeers } from '../../../src-renderer/stores/peers.ts';
import { deviceIdFor } from '../fake/people.ts';
import { createFakeNode } from '../fake-node.ts';

it('shows what somebody shares as soon as they are back, without being asked again', async () => {
  const pinia = createPinia();
  const texts = createTexts();
  setLanguage(texts, 'en');
  const router = createAppRouter();
  const node = createFakeNode();
  await router.push(`/browse/${deviceIdFor('Plum Finch')}`);
  const page = mount({ render: () => h(TooltipProvider, null, { default: () => h(BrowsePage) }) }, { global: { plugins: [pinia, texts, router], provide: { [apiKey]: node.api } }, attachTo: document.body });
  const peers = usePeers(pinia);
  const finch = node.world.peers.find((peer) => peer.name === 'Plum Finch') ?? expect.fail('invented');
  peers.set(finch);
  await eventually(() => expect(page.text()).toContain('Plum Finch is not online.'));
  // There is nothing to filter yet.
  expect(page.find('input[type=search]').exists()).toBe(false);
  finch.online = true;
  peers.set({ ...finch });
  await eventually(() => expect(page.find('[role=grid]').exists()).toBe(true));
  expect(page.text()).not.toContain('is not online');
});
