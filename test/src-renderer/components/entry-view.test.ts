import { describe, expect, it } from 'vitest';
import type { Entry } from '#shared/model/share.ts';
import { countKinds, isHere, plainView, viewEntries } from '../../../src-renderer/components/browse/entry-view.ts';

const entry = (name: string, part: Partial<Entry> = {}): Entry => ({ name, kind: 'file', bytes: 10, files: 1, modifiedAt: 0, contentId: null, haveBytes: 0, ...part });
const listing = [entry('b', { kind: 'folder', haveBytes: null, bytes: 50 }), entry('a', { kind: 'folder', haveBytes: null, bytes: 90 }), entry('Café.jpg', { bytes: 30 }), entry('notes.txt', { bytes: 40, haveBytes: 40 }), entry('clip.mov', { bytes: 20 })];
const names = (entries: readonly Entry[]): string => entries.map((each) => each.name).join(' ');

describe('the view of a folder', () => {
  it('is the very listing as long as nothing is asked of it: 100,000 rows are not copied', () => {
    expect(viewEntries(listing, plainView)).toBe(listing);
  });
  it('sorts with folders first and leaves the listing itself alone', () => {
    expect(names(viewEntries(listing, { ...plainView, sort: 'bytes', descending: true }))).toBe('a b notes.txt Café.jpg clip.mov');
    expect(names(viewEntries(listing, { ...plainView, descending: true }))).toBe('a b clip.mov notes.txt Café.jpg');
    expect(names(listing)).toBe('b a Café.jpg notes.txt clip.mov');
  });
  it('filters by name without minding case and accents, by kind, and by what is here', () => {
    expect(names(viewEntries(listing, { ...plainView, filter: ' CAFE ' }))).toBe('Café.jpg');
    expect(names(viewEntries(listing, { ...plainView, kind: 'video' }))).toBe('clip.mov');
    expect(names(viewEntries(listing, { ...plainView, hideHere: true }))).toBe('b a Café.jpg clip.mov');
  });
  it('knows what is here; of an empty file nobody can tell, so it can always be fetched', () => {
    expect(isHere(entry('all', { haveBytes: 10 }))).toBe(true);
    expect(isHere(entry('empty', { bytes: 0, haveBytes: 0 }))).toBe(false);
    expect(isHere(entry('folder', { kind: 'folder', bytes: 0, haveBytes: null }))).toBe(false);
    expect(isHere(entry('half', { haveBytes: 5 }))).toBe(false);
  });
  it('counts kinds', () => {
    expect(Object.fromEntries(countKinds(listing))).toEqual({ folder: 2, image: 1, document: 1, video: 1 });
  });
});
