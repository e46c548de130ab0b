import { expect, it } from 'vitest';
import type { Link } from '#main/node/ports/links.ts';
import { FileLister, type ListedPage } from '#main/node/transfers/listing/file-lister.ts';
import { contentIdOf } from '#shared/ids.ts';
import { linkOf } from '../../link-of.ts';
import { record } from '../one-download.ts';

const contentId = contentIdOf(new Uint8Array(32).fill(2));
const about = { bytes: 10, modifiedAt: 1, contentId };

/** The first page of what was a `kind` when it was asked for. */
function listed(kind: 'file' | 'folder', answers: Readonly<Record<string, unknown>>): Promise<ListedPage> {
  const request = (method: string): Promise<unknown> => Promise.resolve(answers[method]);
  const link = linkOf(1, { request: request as Link['request'] });
  const lister = new FileLister({ receiver: { makeFolder: () => expect.fail('no folder to make') }, links: () => ({ get: () => link }), linkTo: () => Promise.resolve(link), withSources: () => expect.fail('not asked by its content') });
  return lister.next({ ...record, kind, contentId: null, listed: false, files: 0, bytes: 0 }, new AbortController().signal, () => undefined);
}

it('a folder that became a file before it was listed is that file', async () => {
  const file = { path: '', kind: 'file', executable: false, ...about };
  expect(await listed('folder', { walk: { files: [file], next: null } })).toMatchObject({ of: { kind: 'file', contentId }, files: [{ path: ['film.bin'], remotePath: '' }], next: null });
});

it('a folder with one file is a folder', async () => {
  const file = { path: 'inside', kind: 'file', executable: false, ...about };
  expect(await listed('folder', { walk: { files: [file], next: null } })).toMatchObject({ of: { kind: 'folder', contentId: null }, files: [{ path: ['film.bin', 'inside'] }] });
});

it('a file that became a folder before it was listed waits for a file, and brings nothing else', async () => {
  await expect(listed('file', { stat: { entry: { name: 'film.bin', kind: 'folder', files: 3, ...about }, executable: false } })).rejects.toMatchObject({ code: 'source-changed', params: { name: 'film.bin' } });
});
