import { describe, expect, it } from 'vitest';
import { tableCommand } from '../../../src-renderer/components/browse/table-keys.ts';

const press = (key: string, modifiers: Partial<Record<'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey', boolean>> = {}, active = 5) =>
  tableCommand({ key, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...modifiers }, { active, count: 100, page: 20 });

describe('keys of a table', () => {
  it.each([['ArrowDown', 6], ['ArrowUp', 4], ['PageDown', 25], ['PageUp', 0], ['Home', 0], ['End', 99]])('%s moves to row %i', (key, to) => {
    expect(press(key)).toEqual({ kind: 'move', to, extend: false });
  });
  it('takes a range with Shift', () => expect(press('ArrowDown', { shiftKey: true })).toEqual({ kind: 'move', to: 6, extend: true }));
  it('starts at the first row when none is active', () => {
    expect(press('ArrowDown', {}, -1)).toMatchObject({ to: 0 });
    expect(press('ArrowUp', {}, -1)).toMatchObject({ to: 0 });
  });
  it('leaves letters to the page, except Ctrl A', () => {
    expect(press('a')).toBeNull();
    expect(press('a', { ctrlKey: true })).toEqual({ kind: 'all' });
    expect(press('k', { ctrlKey: true })).toBeNull();
    expect(press('Tab')).toBeNull();
  });
  it('goes up with Backspace and with Alt and the arrow', () => {
    expect(press('Backspace')).toEqual({ kind: 'up' });
    expect(press('ArrowUp', { altKey: true })).toEqual({ kind: 'up' });
    expect(press('ArrowDown', { altKey: true })).toBeNull();
  });
});
