import { describe, expect, it } from 'vitest';
import { nextTick, ref, shallowRef } from 'vue';
import { useHeldOrder } from '../../../src-renderer/composables/use-held-order.ts';

describe('an order that holds still', () => {
  it('keeps rows in place while somebody points at them, puts newcomers last, and sorts again afterwards', async () => {
    const sorted = shallowRef<readonly string[]>(['b', 'c']);
    const held = ref(false);
    const shown = useHeldOrder(sorted, held, (item) => item);
    held.value = true;
    sorted.value = ['a', 'c', 'b'];
    await nextTick();
    expect(shown.value).toEqual(['b', 'c', 'a']);
    sorted.value = ['a', 'c'];
    await nextTick();
    expect(shown.value).toEqual(['c', 'a']);
    held.value = false;
    await nextTick();
    expect(shown.value).toEqual(['a', 'c']);
  });
});
