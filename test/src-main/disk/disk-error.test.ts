import { expect, it } from 'vitest';
import { diskError } from '#main/disk/disk-error.ts';

it('a file is missing, too, when another file lies where its folder was', () => {
  const thrown = Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
  expect(diskError(thrown, '/a/b', 'file-missing').code).toBe('file-missing');
  expect(diskError(thrown, '/a/b', 'folder-gone').code).toBe('not-a-folder');
});
