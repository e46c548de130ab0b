import { expect, test } from 'vitest';
import { downloadsTable, filesTable } from '#main/node/transfers/records.ts';
import { deviceIdOf } from '#shared/ids.ts';

/** As the first versions wrote them: without what was added since. */
const download = {
  id: '0123456789abcdef', number: 3, source: { kind: 'path', peer: deviceIdOf(new Uint8Array(32).fill(1)), path: 'Films/long.mkv' }, kind: 'file', name: 'long.mkv', bundle: false, base: '/home/ana/Downloads',
  state: 'paused', reason: null, priority: 'normal', contentId: null, listed: true, listCursor: null, files: 1, bytes: 5_000_000, doneFiles: 0, doneBytes: 0, reusedBytes: 0, partialBytes: 1_048_576, failedFiles: 0,
  path: null, addedAt: 1_700_000_000_000, finishedAt: null,
};
const file = { remotePath: '', path: ['long.mkv'], mapped: false, bytes: 5_000_000, modifiedAt: 1_600_000_000_000, executable: false, contentId: null, selected: true, state: 'waiting' };

test('downloads and files that earlier versions noted are read; what they could not know is not claimed', () => {
  expect(downloadsTable.decode(JSON.stringify(download))).toEqual({ ...download, mountPoint: null, offered: null, inOrder: false, ranked: false, audience: null, audienceBy: null, listedEntries: 0, listedBytes: 0, foldersLeft: [] });
  expect(filesTable.decode(JSON.stringify(file))).toEqual({ ...file, priority: 'normal', partialBytes: 0 });
});
