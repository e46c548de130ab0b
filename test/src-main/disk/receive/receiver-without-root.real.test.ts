import { describe, expect, it } from 'vitest';
import { tempFolder } from '../temp-folder.ts';
import { range, receiver, same, writeAll } from './receiving.ts';
import { sampleFile, targetOf } from './sample-file.ts';

describe('receiver', () => {
  describe('files without a root yet', () => {
    const provisional = { root: null, layer: null };

    it('take pieces by the hash that comes with each, and get their root at the end', async () => {
      const folder = tempFolder();
      const file = sampleFile(200_000);
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file'], provisional));
      expect(await disk.write(handle, 0, file.piece(0), null)).toMatchObject({ kind: 'error' });
      expect(await disk.write(handle, 0, file.piece(0), file.hash(1))).toEqual({ kind: 'corrupt' });
      for (const piece of range(file.pieces)) expect(await disk.write(handle, piece, file.piece(piece), file.hash(piece))).toEqual({ kind: 'written' });
      await expect(disk.finish(handle)).rejects.toMatchObject({ code: 'bad-argument' });
      await expect(disk.bindRoot(handle, file.root, file.layer.slice(32))).rejects.toMatchObject({ code: 'hash-mismatch' });
      expect(await disk.bindRoot(handle, file.root, file.layer)).toEqual({ missing: [] });
      expect(same((await disk.finish(handle)).path, file)).toBe(true);
    });

    it('give back pieces that do not belong to the root, also after a restart', async () => {
      const folder = tempFolder();
      const [file, other] = [sampleFile(200_000, 1), sampleFile(200_000, 2)];
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file'], provisional));
      for (const piece of [0, 1]) await disk.write(handle, piece, file.piece(piece), file.hash(piece));
      await disk.write(handle, 2, other.piece(2), other.hash(2));
      await disk.close(handle);
      const again = await disk.open(targetOf(file, folder, ['file'], provisional));
      expect([...again.have]).toEqual([0b11100000]);
      expect(await disk.bindRoot(again.handle, file.root, file.layer)).toEqual({ missing: [2] });
      await disk.close(again.handle);
      const third = await disk.open(targetOf(file, folder, ['file']));
      expect([...third.have]).toEqual([0b11000000]);
      await writeAll(disk, third.handle, file, [2, 3]);
      expect(same((await disk.finish(third.handle)).path, file)).toBe(true);
    });

    it('resume under their root when it is known the next time', async () => {
      const folder = tempFolder();
      const [file, other] = [sampleFile(200_000, 1), sampleFile(200_000, 2)];
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file'], provisional));
      await disk.write(handle, 0, other.piece(0), other.hash(0));
      await disk.write(handle, 1, file.piece(1), file.hash(1));
      await disk.close(handle);
      expect([...(await disk.open(targetOf(file, folder, ['file']))).have]).toEqual([0b01000000]);
    });

    it('of one piece and of none get their root as well', async () => {
      const folder = tempFolder();
      const disk = receiver();
      for (const bytes of [0, 5000]) {
        const file = sampleFile(bytes);
        const { handle } = await disk.open(targetOf(file, folder, [`f${bytes}`], provisional));
        if (bytes > 0) expect(await disk.write(handle, 0, file.piece(0), file.root)).toEqual({ kind: 'written' });
        await disk.bindRoot(handle, file.root, null);
        expect(same((await disk.finish(handle)).path, file)).toBe(true);
      }
    });
  });
});
