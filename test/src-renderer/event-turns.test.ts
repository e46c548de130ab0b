import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick, ref, watch } from 'vue';
import type { NodeEvent } from '#shared/api/events.ts';
import { EventTurns } from '../../src-renderer/event-turns.ts';
import { inventTransfer } from './fake/transfers.ts';

const event = (number: number): NodeEvent => ({ type: 'transfer', transfer: inventTransfer({ name: `file ${number}` }) });

describe('events of the node', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.restoreAllMocks());

  /** What a page would draw: once for each task of the browser in which something was heard. */
  function page() {
    const heard: NodeEvent[] = [];
    const count = ref(0);
    let drawings = 0;
    watch(count, () => { drawings++; });
    const turns = new EventTurns((each) => { count.value = heard.push(each); });
    return { heard, turns, drawings: () => drawings };
  }

  it('are heard at once when there are few, and a thousand in two drawings', async () => {
    const { heard, turns, drawings } = page();
    for (let number = 0; number < 1000; number++) {
      turns.push(event(number));
      // Each came in a message of its own.
      await nextTick();
      if (number === 0) expect([heard.length, drawings()]).toEqual([1, 1]);
    }
    await vi.advanceTimersByTimeAsync(50);
    expect([heard.length, drawings()]).toEqual([1000, 2]);
    await vi.advanceTimersByTimeAsync(50);
    turns.push(event(1000));
    expect(heard).toHaveLength(1001);
  });

  it('are heard in a page whose timers stand still, too', async () => {
    const { heard, turns } = page();
    turns.push(event(0));
    await nextTick();
    turns.push(event(1));
    expect(heard).toHaveLength(1);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    turns.push(event(2));
    expect(heard).toHaveLength(3);
  });
});
