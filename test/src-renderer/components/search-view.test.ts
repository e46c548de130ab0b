import { describe, expect, it } from 'vitest';
import type { SearchHit } from '#shared/model/search.ts';
import { highlight } from '../../../src-renderer/components/search/highlight.ts';
import { viewHits } from '../../../src-renderer/components/search/hit-view.ts';

const marked = (text: string, words: string): string => highlight(text, words).map((part) => (part.match ? `[${part.text}]` : part.text)).join('');

describe('highlighting', () => {
  it.each([
    ['porto07_003.tif', 'porto 003', '[porto]07_[003].tif'],
    ['Café AÇAÍ', 'cafe acai', '[Café] [AÇAÍ]'],
    ['aaa', 'aa', '[aaa]'],
    ['plain', '', 'plain'],
    ['🙂 smile', 'smile', '🙂 [smile]'],
    ['a.b', '.', 'a[.]b'],
  ])('%s for "%s" is %s', (text, words, expected) => expect(marked(text, words)).toBe(expected));
});

const hit = (key: string, part: Partial<SearchHit>): SearchHit => ({ key, name: key, kind: 'file', type: 'image', bytes: 1, modifiedAt: 0, contentId: null, score: 1, here: false, sources: [], ...part });
const hits = [hit('b', { score: 2 }), hit('a', { score: 2 }), hit('video', { type: 'video', bytes: 2e9, score: 5, here: true })];
const keys = (view: Partial<Parameters<typeof viewHits>[1]>): string => viewHits(hits, { type: 'any', size: 'any', sort: 'best', hideHere: false, ...view }).map((each) => each.key).join(' ');

describe('the view of results', () => {
  it('sorts by score and breaks ties by key, not by who answered first', () => expect(keys({})).toBe('video a b'));
  it('filters by kind, size and what is here', () => {
    expect(keys({ type: 'image' })).toBe('a b');
    expect(keys({ size: 'huge' })).toBe('video');
    expect(keys({ hideHere: true })).toBe('a b');
  });
});
