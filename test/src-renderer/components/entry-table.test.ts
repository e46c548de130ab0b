import { expect, it, vi } from 'vitest';
import { plainView } from '../../../src-renderer/components/browse/entry-view.ts';
import EntryTable from '../../../src-renderer/components/browse/EntryTable.vue';
import { mountComponent } from '../with-app.ts';

it('can be sorted and chosen from with keys alone, and a key of a button opens no row', async () => {
  const [onOpen, onSort, onClear] = [vi.fn(), vi.fn(), vi.fn()];
  const wrapper = mountComponent(EntryTable, { rows: [], count: 5, view: plainView, chosen: new Set<string>(), allChosen: false, active: 0, rowHeight: 36, endRoom: 0, onOpen, onSort, onClear });
  const buttons = wrapper.findAll('[role=row] button');
  expect(buttons.map((button) => [button.attributes('aria-label') ?? button.text(), button.attributes('tabindex')])).toEqual([['Select all', undefined], ['Name', undefined], ['Size', undefined], ['Changed', undefined]]);
  await buttons[2]?.trigger('keydown', { key: 'Enter' });
  await buttons[2]?.trigger('click');
  expect(onOpen).not.toHaveBeenCalled();
  expect(onSort).toHaveBeenCalledWith('bytes');
  // What was chosen with “Select all” is let go from there, too.
  await buttons[0]?.trigger('keydown', { key: 'Escape' });
  expect(onClear).toHaveBeenCalledTimes(1);
  await wrapper.find('[role=grid]').trigger('keydown', { key: 'Enter' });
  expect(onOpen).toHaveBeenCalledTimes(1);
});

it('is one stop of the keyboard, also where its rows scroll, and has the keyboard after a click between them', () => {
  const wrapper = mountComponent(EntryTable, { rows: [], count: 5, view: plainView, chosen: new Set<string>(), allChosen: false, active: 0, rowHeight: 36, endRoom: 0 });
  const rows = wrapper.get<HTMLElement>('[role=rowgroup]').element;
  expect(rows.tabIndex).toBe(-1);
  rows.focus();
  expect(document.activeElement).toBe(wrapper.get('[role=grid]').element);
});

it('hears the beginning of a name, and a right click on a row', async () => {
  const [onFind, onMenu, onUp] = [vi.fn(), vi.fn(), vi.fn()];
  const wrapper = mountComponent(EntryTable, { rows: [], count: 5, view: plainView, chosen: new Set<string>(), allChosen: false, active: -1, rowHeight: 36, endRoom: 0, onFind, onMenu, onUp });
  const grid = wrapper.find('[role=grid]');
  await grid.trigger('keydown', { key: 'f' });
  await grid.trigger('keydown', { key: 'x' });
  // A correction is no way up while somebody types.
  await grid.trigger('keydown', { key: 'Backspace' });
  expect(onFind.mock.calls).toEqual([['f'], ['fx'], ['f']]);
  expect(onUp).not.toHaveBeenCalled();
  // No row is active that the key could be about.
  await grid.trigger('contextmenu');
  expect(onMenu).not.toHaveBeenCalled();
});
