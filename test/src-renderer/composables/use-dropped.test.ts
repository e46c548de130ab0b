import { afterEach, expect, it, vi } from 'vitest';
import { useDropped } from '../../../src-renderer/composables/use-dropped.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { useSending } from '../../../src-renderer/stores/sending.ts';
import { settled, surroundings } from '../with-app.ts';

afterEach(() => { vi.unstubAllGlobals(); });

it('in the window of the app, a picture that is no file is said to be none, and the files beside it are taken', async () => {
  vi.stubGlobal('distrishare', { platform: 'linux', send: () => undefined, onMessage: () => () => undefined, pathForFile: (file: File) => (file.name === 'image.png' ? '' : `/home/jade/${file.name}`), pickPaths: () => Promise.resolve([]), showItem: () => undefined });
  const { run } = surroundings();
  const [drop, notices, sending] = run(() => [useDropped(), useNotices(), useSending()] as const);
  drop({ files: [new File(['pixels'], 'image.png'), new File(['a letter'], 'letter.txt')], entries: [] }, null, false, null);
  await settled();
  expect(notices.toasts.map(({ body }) => body)).toEqual([expect.objectContaining({ title: 'ui.notice.noPlace' })]);
  expect(sending.undecided).toEqual(['/home/jade/letter.txt']);
});
