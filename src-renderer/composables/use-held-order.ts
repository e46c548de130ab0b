import { computed, shallowRef, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';

/**
 * Items in their best order, except while `held` (somebody points at them): then what is shown stays where it is and
 * newcomers wait at the end.
 */
export function useHeldOrder<Item>(sorted: Readonly<Ref<readonly Item[]>>, held: Readonly<Ref<boolean>>, keyOf: (item: Item) => string): ComputedRef<readonly Item[]> {
  const order = shallowRef<readonly string[]>([]);
  watch([sorted, held], () => {
    const keys = sorted.value.map(keyOf);
    if (!held.value) {
      order.value = keys;
      return;
    }
    const known = new Set(order.value);
    order.value = [...order.value, ...keys.filter((key) => !known.has(key))];
  }, { immediate: true });
  return computed(() => {
    const byKey = new Map(sorted.value.map((item) => [keyOf(item), item]));
    return order.value.flatMap((key) => byKey.get(key) ?? []);
  });
}
