import { describe, expect, it, vi } from 'vitest';
import { effectScope, ref } from 'vue';
import { useListing } from '../../../src-renderer/composables/use-listing.ts';
import { settled, surroundings } from '../with-app.ts';

const pages = (calls: { name: string }[]): number => calls.filter((call) => call.name === 'browse.list').length;

describe('a folder of 100,000 entries', () => {
  it('is fetched only as far as somebody looks', async () => {
    const { node, run } = surroundings();
    const listing = run(() => useListing(ref('Slate Lynx'), ref('Backups/photos-all')));
    await settled();
    expect(listing.total.value).toBe(100_000);
    expect([listing.entries.value.length, pages(node.calls)]).toEqual([1000, 1]);
    listing.ensure(400);
    await settled();
    expect(pages(node.calls)).toBe(1);
    listing.ensure(2600);
    await settled();
    expect(listing.entries.value.length).toBe(4000);
    expect(listing.complete.value).toBe(false);
  });

  it('gives up the old folder when another is opened', async () => {
    const { run } = surroundings();
    const path = ref('Backups/photos-all');
    const listing = run(() => useListing(ref('Slate Lynx'), path));
    listing.loadAll();
    path.value = 'ISO mirror';
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(listing.entries.value.map((entry) => entry.name)).toEqual(['debian', 'fedora', 'SHA256SUMS', 'ubuntu-26.04-desktop-amd64.iso']);
    expect(listing.complete.value).toBe(true);
  });

  it('comes in the order of names as people sort them where one page holds it, folders first', async () => {
    const { node, run } = surroundings();
    const entry = (name: string, kind: 'file' | 'folder' = 'file') => ({ name, kind, bytes: 1, files: 1, modifiedAt: 0, contentId: null, haveBytes: 0 });
    const answer = (next: string | null) => ({ entries: [entry('Report 10'), entry('Report 2'), entry('Zebra'), entry('ant'), entry('old', 'folder'), entry('Ávila')], total: 6, next });
    const call = vi.spyOn(node.api, 'call').mockResolvedValueOnce(answer(null));
    const names = (listing: ReturnType<typeof useListing>): string => listing.entries.value.map(({ name }) => name).join(', ');
    const short = run(() => useListing(ref('Slate Lynx'), ref('Reports')));
    await settled();
    expect(names(short)).toBe('old, ant, Ávila, Report 2, Report 10, Zebra');
    // Of a long one the rest comes while somebody reads: it stays in the order it comes in.
    call.mockResolvedValueOnce({ ...answer('more'), total: 2000 });
    const long = run(() => useListing(ref('Slate Lynx'), ref('Reports')));
    await settled();
    expect(names(long)).toBe('Report 10, Report 2, Zebra, ant, old, Ávila');
  });

  it('says why it cannot be read, and stops with its page', async () => {
    const { run, node } = surroundings();
    const scope = effectScope();
    const listing = run(() => scope.run(() => useListing(ref('Plum Finch'), ref(''))));
    await settled();
    expect(listing?.error.value?.code).toBe('peer-offline');
    scope.stop();
    const before = pages(node.calls);
    listing?.loadAll();
    await settled();
    expect(pages(node.calls)).toBe(before);
  });
});

it('what has arrived meanwhile is seen in its row, which stays where it is', async () => {
  const { node, run } = surroundings();
  const listing = run(() => useListing(ref('Slate Lynx'), ref('ISO mirror')));
  await settled();
  const before = listing.entries.value;
  const call = vi.spyOn(node.api, 'call').mockResolvedValueOnce({ entries: before.map((entry) => ({ ...entry, haveBytes: entry.bytes })), total: before.length, next: null });
  await listing.lookAgain();
  expect(listing.entries.value).toEqual(before.map((entry) => ({ ...entry, haveBytes: entry.bytes })));
  // They are away now: what was known of them stays.
  call.mockRejectedValueOnce(new Error('away'));
  await listing.lookAgain();
  expect([listing.entries.value.length, listing.error.value]).toEqual([before.length, null]);
});
