import { mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { createApp, defineComponent, effectScope, h } from 'vue';
import type { Component } from 'vue';
import { apiKey } from '../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../src-renderer/i18n.ts';
import { createAppRouter } from '../../src-renderer/router.ts';
import { createFakeNode } from './fake-node.ts';
import type { FakeNode } from './fake-node.ts';

export interface Surroundings {
  readonly node: FakeNode;
  /** Runs code where stores and composables find what they need; the Pinia is this test's own. */
  run<Result>(work: () => Result): Result;
}

export function surroundings(node: FakeNode = createFakeNode()): Surroundings {
  const pinia = createPinia();
  const texts = createTexts();
  setLanguage(texts, 'en');
  const app = createApp(defineComponent(() => () => null)).provide(apiKey, node.api).use(pinia).use(texts).use(createAppRouter());
  setActivePinia(pinia);
  const scope = effectScope();
  return {
    node,
    run(work) {
      // A scope owns what the work watches, as a component would.
      const results = app.runWithContext(() => scope.run(() => [work()]));
      if (!results) throw new Error('the scope has ended');
      return results[0] as ReturnType<typeof work>;
    },
  };
}

/** A component with props, on an invented node. */
export function mountComponent(component: Component, props: Record<string, unknown>, node: FakeNode = createFakeNode()): VueWrapper {
  const texts = createTexts();
  setLanguage(texts, 'en');
  return mount({ render: () => h(TooltipProvider, null, { default: () => h(component, props) }) }, { global: { plugins: [createPinia(), texts, createAppRouter()], provide: { [apiKey]: node.api } }, attachTo: document.body });
}

/** Lets promises that are already settled run. */
export const settled = async (): Promise<void> => { for (let turn = 0; turn < 20; turn++) await Promise.resolve(); };
