import { mount } from '@vue/test-utils';
import { EllipsisIcon } from '@lucide/vue';
import { TooltipProvider } from 'reka-ui';
import { beforeEach, expect, it } from 'vitest';
import { h } from 'vue';
import { eventually } from '../eventually.ts';
import ActionMenu from '../../../src-renderer/components/base/ActionMenu.vue';
import { settled } from '../with-app.ts';

const items = [{ id: 'one', text: 'One' }, { id: 'two', text: 'Two' }];
const shown = (): string[] => [...document.querySelectorAll('[role=menuitem]')].map((item) => item.textContent.trim());
let chosen: string[];

/** A row with a name, a field and two menus, of which the second is the row's. */
beforeEach(async () => {
  document.body.innerHTML = '';
  chosen = [];
  const menu = (label: string, ofArea: boolean) => h(ActionMenu, { label, icon: EllipsisIcon, items: ofArea ? items : [{ id: 'other', text: 'Other' }], ofArea, onChoose: (id: string) => chosen.push(id) });
  const row = () => h('div', { 'data-menu-area': '' }, [h('p', 'a name'), h('input'), menu('Other', false), menu('More', true)]);
  mount({ render: () => h(TooltipProvider, null, { default: row }) }, { attachTo: document.body });
  await settled();
});

async function rightClick(selector: string): Promise<boolean> {
  const event = new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 40, clientY: 50 });
  document.querySelector(selector)?.dispatchEvent(event);
  await settled();
  return event.defaultPrevented;
}

it('opens by a right click anywhere in its row, and does what is chosen', async () => {
  expect(await rightClick('p')).toBe(true);
  await eventually(() => expect(shown()).toEqual(['One', 'Two']));
  document.querySelectorAll<HTMLElement>('[role=menuitem]')[1]?.click();
  await eventually(() => expect([chosen, shown()]).toEqual([['two'], []]));
});

it('leaves the system its menu where something is written or selected', async () => {
  expect(await rightClick('input')).toBe(false);
  const name = document.querySelector('p');
  if (name !== null) window.getSelection()?.selectAllChildren(name);
  expect(await rightClick('p')).toBe(false);
  expect(shown()).toEqual([]);
});
