import { mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileTarget, Receiver } from '#main/node/ports/receiver.ts';
import { tempFolder } from '../temp-folder.ts';
import { range, receiver, same, writeAll } from './receiving.ts';
import { sampleFile, targetOf, type SampleFile } from './sample-file.ts';

describe('receiver', () => {
  describe('names that are taken', () => {
    it('keeps an identical file and tells where it is', async () => {
      const folder = tempFolder();
      const file = sampleFile(300_000);
      writeFileSync(join(folder, 'file.bin'), file.data);
      const disk = receiver();
      const checked: number[] = [];
      const opened = await disk.open(targetOf(file, folder, ['file.bin']), { onCheck: (bytes) => checked.push(bytes) });
      expect(opened).toMatchObject({ existing: join(folder, 'file.bin'), haveBytes: 300_000 });
      expect(checked.at(-1)).toBe(300_000);
      expect(await disk.existing([targetOf(file, folder, ['file.bin']), targetOf(file, folder, ['nope', 'file.bin']), targetOf(sampleFile(300_000, 2), folder, ['file.bin'])])).toEqual([join(folder, 'file.bin'), null, null]);
      expect(readdirSync(folder)).toEqual(['file.bin']);
    });

    it('puts ours beside a differing one, and finds it there again', async () => {
      const folder = tempFolder();
      const file = sampleFile(300_000);
      writeFileSync(join(folder, 'file.bin'), 'the user wrote this');
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file.bin']));
      await writeAll(disk, handle, file, range(file.pieces));
      const { path } = await disk.finish(handle);
      expect(path).toBe(join(folder, 'file (2).bin'));
      expect(same(path, file)).toBe(true);
      expect(readFileSync(join(folder, 'file.bin'), 'utf8')).toBe('the user wrote this');
      expect((await disk.open(targetOf(file, folder, ['file.bin']))).existing).toBe(path);
    });

    it('replaces nothing that appears while it receives', async () => {
      const folder = tempFolder();
      const file = sampleFile(100_000);
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file']));
      await writeAll(disk, handle, file, range(file.pieces));
      writeFileSync(join(folder, 'file'), 'late');
      mkdirSync(join(folder, 'file (2)'));
      symlinkSync('/etc/passwd', join(folder, 'file (3)'));
      expect((await disk.finish(handle)).path).toBe(join(folder, 'file (4)'));
      expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('late');
      expect(readlinkSync(join(folder, 'file (3)'))).toBe('/etc/passwd');
    });

    it('leaves part files and journals of others alone', async () => {
      const folder = tempFolder();
      const file = sampleFile(100_000);
      writeFileSync(join(folder, 'file.part'), 'of a browser');
      writeFileSync(join(folder, 'file (2).progress'), 'notes');
      const disk = receiver();
      const { handle } = await disk.open(targetOf(file, folder, ['file']));
      await writeAll(disk, handle, file, range(file.pieces));
      expect((await disk.finish(handle)).path).toBe(join(folder, 'file'));
      expect(readFileSync(join(folder, 'file.part'), 'utf8')).toBe('of a browser');
      expect(readFileSync(join(folder, 'file (2).progress'), 'utf8')).toBe('notes');
      expect(readdirSync(folder).sort()).toEqual(['file', 'file (2).progress', 'file.part']);
    });

    it.each(['finished', 'closed and finished', 'cancelled with what is there', 'there already'])('leaves a part file with the very content to whoever put it there: %s', async (how) => {
      const folder = tempFolder();
      const file = sampleFile(300_000);
      const target = targetOf(file, folder, ['file']);
      writeFileSync(join(folder, 'file.part'), file.data);
      if (how === 'there already') writeFileSync(join(folder, 'file'), file.data);
      const disk = receiver();
      const opened = await disk.open(target);
      if (how === 'cancelled with what is there') {
        await writeAll(disk, opened.handle, file, [0]);
        await disk.close(opened.handle);
        await disk.discardPartial(folder, ['file'], file.data.length, target.root);
      } else if (how !== 'there already') {
        await writeAll(disk, opened.handle, file, range(how === 'finished' ? file.pieces : 2));
        if (how === 'closed and finished') await disk.close(opened.handle);
        const { handle } = how === 'finished' ? opened : await disk.open(target);
        await writeAll(disk, handle, file, range(file.pieces));
        expect((await disk.finish(handle)).path).toBe(join(folder, 'file'));
      }
      expect(readdirSync(folder).sort()).toEqual(how === 'cancelled with what is there' ? ['file.part'] : ['file', 'file.part']);
      expect(same(join(folder, 'file.part'), file)).toBe(true);
    });

    it('receives two files of one name at the same time, each resumable', async () => {
      const folder = tempFolder();
      const [one, two] = [sampleFile(300_000, 1), sampleFile(300_000, 2)];
      const disk = receiver();
      const first = await disk.open(targetOf(one, folder, ['file']));
      const second = await disk.open(targetOf(two, folder, ['file']));
      await writeAll(disk, first.handle, one, [0, 1]);
      await writeAll(disk, second.handle, two, [2]);
      await disk.close(first.handle);
      await disk.close(second.handle);
      const secondAgain = await disk.open(targetOf(two, folder, ['file']));
      const firstAgain = await disk.open(targetOf(one, folder, ['file']));
      expect([...firstAgain.have, ...secondAgain.have]).toEqual([0b11000000, 0b00100000]);
      await writeAll(disk, secondAgain.handle, two, range(two.pieces));
      await writeAll(disk, firstAgain.handle, one, range(one.pieces));
      const paths = [(await disk.finish(secondAgain.handle)).path, (await disk.finish(firstAgain.handle)).path];
      expect(paths).toEqual([join(folder, 'file'), join(folder, 'file (2)')]);
      expect(same(paths[0] ?? '', two) && same(paths[1] ?? '', one)).toBe(true);
    });

    it('takes names that leave no room for endings', async () => {
      const folder = tempFolder();
      const disk = receiver();
      const names = [`${'a'.repeat(251)}.bin`, `${'a'.repeat(250)}b.bin`];
      for (const [at, name] of names.entries()) {
        const file = sampleFile(100_000, at + 1);
        const { handle } = await disk.open(targetOf(file, folder, [name]));
        await writeAll(disk, handle, file, range(file.pieces));
        expect((await disk.finish(handle)).path).toBe(join(folder, name));
      }
    });
  });

  describe('a file of the user in the place of a part', () => {
    /** A download that was begun and left, and this in the place of its part file. */
    async function left(content: (file: SampleFile) => Uint8Array): Promise<{ disk: Receiver; folder: string; file: SampleFile; target: FileTarget }> {
      const folder = tempFolder();
      const file = sampleFile(200_000);
      const disk = receiver();
      const target = targetOf(file, folder, ['file']);
      const { handle } = await disk.open(target);
      await disk.close(handle);
      // Moved there: a new file might get the number of ours within one tick of the system's clock.
      writeFileSync(join(folder, 'theirs'), content(file));
      renameSync(join(folder, 'theirs'), join(folder, 'file.part'));
      return { disk, folder, file, target };
    }

    it('stays when what was wanted turns out to be there', async () => {
      const { disk, folder, file, target } = await left(() => Buffer.from('of another program'));
      writeFileSync(join(folder, 'file'), file.data);
      expect(await disk.open(target)).toMatchObject({ existing: join(folder, 'file') });
      expect(readFileSync(join(folder, 'file.part'), 'utf8')).toBe('of another program');
    });

    it('is not cut off because it begins like what is wanted', async () => {
      const longer = (file: SampleFile): Uint8Array => Buffer.concat([file.data, Buffer.from('and more')]);
      const { disk, folder, file, target } = await left(longer);
      const { handle } = await disk.open(target);
      await writeAll(disk, handle, file, range(file.pieces));
      await disk.finish(handle);
      expect(readFileSync(join(folder, 'file.part'))).toEqual(longer(file));
    });
  });
});
