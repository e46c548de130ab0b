import { describe, expect, it } from 'vitest';
import { ref } from 'vue';
import { useRowSelection } from '../../../src-renderer/composables/use-row-selection.ts';

const names = 'abcdefgh'.split('');
const plain = { ctrl: false, shift: false };
const create = () => useRowSelection(ref(names.length), (index) => names[index]);
const chosen = (selection: ReturnType<typeof create>): string => [...selection.chosen.value].sort().join('');

describe('choosing rows', () => {
  it('adds with Ctrl, takes a range with Shift, and keeps the choice on a plain click', () => {
    const selection = create();
    selection.point(1, { ctrl: true, shift: false });
    selection.point(3, { ctrl: true, shift: false });
    expect(chosen(selection)).toBe('bd');
    selection.point(5, { ctrl: false, shift: true });
    expect(chosen(selection)).toBe('def');
    selection.point(0, plain);
    expect(chosen(selection)).toBe('def');
    expect(selection.active.value).toBe(0);
  });
  it('extends from the anchor in both directions with the keyboard', () => {
    const selection = create();
    selection.move(4, false);
    selection.move(5, true);
    selection.move(6, true);
    expect(chosen(selection)).toBe('efg');
    selection.move(3, true);
    expect(chosen(selection)).toBe('de');
  });
  it('stays inside the list and says how much is chosen', () => {
    const selection = create();
    expect(selection.move(99, false)).toBe(7);
    expect(selection.move(-5, false)).toBe(0);
    expect(selection.state.value).toBe(false);
    selection.toggle(0);
    expect(selection.state.value).toBe('mixed');
    selection.chooseAll();
    expect(selection.state.value).toBe(true);
    selection.toggle(0);
    expect(chosen(selection)).toBe('bcdefgh');
    selection.reset();
    expect([selection.state.value, selection.active.value]).toEqual([false, -1]);
  });
});
