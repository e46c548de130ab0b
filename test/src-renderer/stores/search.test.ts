import { describe, expect, it } from 'vitest';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { useSearch } from '../../../src-renderer/stores/search.ts';
import { settled, surroundings } from '../with-app.ts';

describe('searching', () => {
  it('lets results stream in, and gives up an open question for a new one', async () => {
    const { node, run } = surroundings();
    const search = run(() => {
      useLive().start();
      return useSearch();
    });
    await settled();
    await search.start('porto');
    node.advance(500);
    expect(search.current?.hits.length).toBeGreaterThan(0);
    expect(search.waiting.length).toBeGreaterThan(0);
    await search.start('lisbon');
    expect(node.calls.filter((call) => call.name === 'search.stop')).toHaveLength(1);
    expect(search.current?.words).toBe('lisbon');
  });
});
