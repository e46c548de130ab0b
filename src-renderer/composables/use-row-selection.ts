import { computed, ref, shallowRef } from 'vue';
import type { Ref } from 'vue';

export interface RowModifiers {
  readonly ctrl: boolean;
  readonly shift: boolean;
}

/**
 * One active row and any number of chosen ones, as lists everywhere have it: Ctrl adds, Shift takes a range, arrows
 * move. Rows are known by key, so that a new order or a further page keeps the choice.
 */
export function useRowSelection(count: Readonly<Ref<number>>, keyAt: (index: number) => string | undefined) {
  const chosen = shallowRef<ReadonlySet<string>>(new Set());
  const active = ref(-1);
  let anchor = 0;

  const keysBetween = (from: number, to: number): string[] => {
    const keys: string[] = [];
    for (let index = Math.min(from, to); index <= Math.max(from, to); index++) {
      const key = keyAt(index);
      if (key !== undefined) keys.push(key);
    }
    return keys;
  };
  function toggle(index: number): void {
    const key = keyAt(index);
    if (key === undefined) return;
    const next = new Set(chosen.value);
    if (!next.delete(key)) next.add(key);
    chosen.value = next;
    active.value = index;
    anchor = index;
  }
  function range(to: number): void {
    chosen.value = new Set(keysBetween(anchor, to));
    active.value = to;
  }
  /** A plain click only moves the active row; what is chosen stays. */
  function point(index: number, modifiers: RowModifiers): void {
    if (modifiers.shift) return range(index);
    if (modifiers.ctrl) return toggle(index);
    active.value = index;
    anchor = index;
  }
  function move(to: number, extend: boolean): number {
    const index = Math.max(0, Math.min(count.value - 1, to));
    point(index, { ctrl: false, shift: extend });
    return index;
  }
  const chooseAll = (): void => void (chosen.value = new Set(keysBetween(0, count.value - 1)));
  const clear = (): void => void (chosen.value = new Set());
  function reset(): void {
    clear();
    active.value = -1;
    anchor = 0;
  }
  const state = computed((): boolean | 'mixed' => (chosen.value.size === 0 ? false : chosen.value.size >= count.value ? true : 'mixed'));

  return { chosen, active, state, point, toggle, move, chooseAll, clear, reset };
}
