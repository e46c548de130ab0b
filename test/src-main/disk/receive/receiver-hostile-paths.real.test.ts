import { mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../temp-folder.ts';
import { range, receiver, writeAll } from './receiving.ts';
import { sampleFile, targetOf } from './sample-file.ts';

describe('receiver', () => {
  describe('hostile paths', () => {
    it.each([['..', 'x'], ['.', 'x'], ['a/b'], ['a\\b'], ['/etc'], ['c:x'], ['con'], [''], ['x\0y']])('refuses %j %j', async (...path) => {
      const folder = tempFolder();
      const file = sampleFile(1000);
      const disk = receiver();
      const target = targetOf(file, folder, path);
      await expect(disk.open(target)).rejects.toMatchObject({ code: 'bad-argument' });
      await expect(disk.makeFolder(folder, path)).rejects.toMatchObject({ code: 'bad-argument' });
      expect(await disk.writeSmall([{ target, data: file.data }])).toMatchObject([{ kind: 'error', error: { code: 'bad-argument' } }]);
      expect(readdirSync(folder)).toEqual([]);
    });

    it('refuses numbers that no file has', async () => {
      const folder = tempFolder();
      const file = sampleFile(1000);
      const disk = receiver();
      for (const change of [{ bytes: -1 }, { bytes: 1.5 }, { bytes: 2 ** 60 }, { pieceBytes: 0 }, { pieceBytes: 3000 }, { pieceBytes: 2 ** 40 }, { root: new Uint8Array(5) }]) {
        await expect(disk.open(targetOf(file, folder, ['x'], change))).rejects.toMatchObject({ code: 'bad-argument' });
      }
      const { handle } = await disk.open(targetOf(file, folder, ['x'], { modifiedAt: -1e300 }));
      await writeAll(disk, handle, file, [0]);
      expect(statSync((await disk.finish(handle)).path).mtimeMs).toBe(0);
    });

    it('follows links below the base only while they stay inside', async () => {
      const folder = tempFolder();
      const outside = tempFolder();
      mkdirSync(join(folder, 'base/real'), { recursive: true });
      const base = join(folder, 'base');
      symlinkSync(outside, join(base, 'out'));
      symlinkSync('real', join(base, 'in'));
      symlinkSync(base, join(folder, 'to-base'));
      const file = sampleFile(1000);
      const disk = receiver();
      await expect(disk.open(targetOf(file, base, ['out', 'x']))).rejects.toMatchObject({ code: 'no-permission' });
      await expect(disk.open(targetOf(file, base, ['out', 'new', 'x']))).rejects.toMatchObject({ code: 'no-permission' });
      await expect(disk.makeFolder(base, ['out', 'new'])).rejects.toMatchObject({ code: 'no-permission' });
      expect(readdirSync(outside)).toEqual([]);
      const target = targetOf(file, join(folder, 'to-base'), ['in', 'x']);
      expect(await disk.writeSmall([{ target, data: file.data }])).toEqual([{ kind: 'done', path: join(base, 'real/x'), existed: false }]);
    });

    it('writes nothing through a link that waits under the name of the part file', async () => {
      const folder = tempFolder();
      const outside = tempFolder();
      const file = sampleFile(100_000);
      for (const name of ['file.part', 'file.progress', 'file.progress.lock']) symlinkSync(join(outside, name), join(folder, name));
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file']));
      await writeAll(disk, handle, file, range(file.pieces));
      expect((await disk.finish(handle)).path).toBe(join(folder, 'file'));
      expect(readdirSync(outside)).toEqual([]);
    });

    it('does not finish in a folder that was moved away or replaced by a link meanwhile', async () => {
      const folder = tempFolder();
      const outside = tempFolder();
      const file = sampleFile(100_000);
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['sub', 'file']));
      await writeAll(disk, handle, file, [0]);
      renameSync(join(folder, 'sub'), join(folder, 'moved'));
      symlinkSync(outside, join(folder, 'sub'));
      await writeAll(disk, handle, file, [1]);
      await expect(disk.finish(handle)).rejects.toMatchObject({ code: 'folder-gone' });
      expect(readdirSync(outside)).toEqual([]);
      await disk.close(handle);
    });
  });
});
