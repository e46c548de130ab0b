import { mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, statSync, symlinkSync, writeFileSync, existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createReceiver, type ReceiverOptions } from '#main/disk/receiver.ts';
import type { FileTarget, Receiver } from '#main/node/ports/receiver.ts';
import { BufferPool } from '#main/node/swarm/buffer-pool.ts';
import { MiB } from '#shared/units.ts';
import { sampleFile, targetOf, type SampleFile } from './sample-file.ts';
import { tempFolder } from './temp-folder.ts';

function receiver(options: ReceiverOptions = {}): Receiver {
  const created = createReceiver({ workers: 1, ...options });
  onTestFinished(() => created.shutdown());
  return created;
}

const writeAll = async (disk: Receiver, handle: number, file: SampleFile, pieces: Iterable<number>): Promise<void> => {
  for (const piece of pieces) expect(await disk.write(handle, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
};
const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
const same = (path: string, file: SampleFile): boolean => Buffer.from(file.data).equals(readFileSync(path));

describe('receiver', () => {
  it('receives a file in any order and gives it its name, time and executable bit', async () => {
    const folder = tempFolder();
    const file = sampleFile(500_000);
    const disk = receiver();
    const { handle, have, haveBytes, existing } = await disk.open(targetOf(file, folder, ['sub', 'deep', 'file.bin'], { executable: true }));
    expect({ have: [...have], haveBytes, existing }).toEqual({ have: [0], haveBytes: 0, existing: null });
    await writeAll(disk, handle, file, range(file.pieces).reverse());
    expect(readdirSync(join(folder, 'sub/deep')).sort()).toEqual(['file.bin.part', 'file.bin.progress', 'file.bin.progress.lock']);
    const { path } = await disk.finish(handle);
    expect(path).toBe(join(folder, 'sub/deep/file.bin'));
    expect(same(path, file)).toBe(true);
    expect(readdirSync(join(folder, 'sub/deep'))).toEqual(['file.bin']);
    const stat = statSync(path);
    expect(stat.mtimeMs).toBe(1_600_000_000_000);
    if (process.platform !== 'win32') expect(stat.mode & 0o100).toBe(0o100);
  });

  it('writes past the cache from the pool’s memory, unless the piece is read soon, and from any other memory', async () => {
    const folder = tempFolder();
    const file = sampleFile(2_500_000, 3, 512 * 1024);
    const pool = new BufferPool(2 * MiB);
    const disk = receiver({ syncPolicy: { directFromBytes: 0 } });
    const { handle } = await disk.open(targetOf(file, folder, ['file']));
    for (const piece of range(file.pieces)) {
      const buffer = pool.take(file.piece(piece).length);
      buffer.data.set(file.piece(piece));
      expect(await disk.write(handle, piece, piece === 2 ? file.piece(piece) : buffer.data, null, piece === 1)).toEqual({ kind: 'written' });
      buffer.release();
    }
    expect(same((await disk.finish(handle)).path, file)).toBe(true);
  });

  it('receives files of one piece and of none', async () => {
    const folder = tempFolder();
    const disk = receiver();
    for (const bytes of [0, 1, 40_000, 65_536]) {
      const file = sampleFile(bytes);
      const { handle } = await disk.open(targetOf(file, folder, [`f${bytes}`]));
      await writeAll(disk, handle, file, range(file.pieces));
      expect(same((await disk.finish(handle)).path, file)).toBe(true);
    }
    expect(readdirSync(folder).sort()).toEqual(['f0', 'f1', 'f40000', 'f65536']);
  });

  it('refuses a piece that is damaged, too short, or of another place, and takes it when it is right', async () => {
    const folder = tempFolder();
    const file = sampleFile(200_000);
    const disk = receiver();
    const { handle } = await disk.open(targetOf(file, folder, ['file']));
    const damaged = file.piece(1).slice();
    damaged[777] = (damaged[777] ?? 0) ^ 1;
    expect(await disk.write(handle, 1, damaged, null)).toEqual({ kind: 'corrupt' });
    expect(await disk.write(handle, 1, file.piece(0), null)).toEqual({ kind: 'corrupt' });
    expect(await disk.write(handle, 3, file.piece(0), null)).toEqual({ kind: 'corrupt' });
    expect(await disk.write(handle, 1, file.piece(1).subarray(1), null)).toEqual({ kind: 'corrupt' });
    expect(await disk.write(handle, 9, file.piece(0), null)).toMatchObject({ kind: 'error' });
    expect(await disk.write(handle, -1, file.piece(0), null)).toMatchObject({ kind: 'error' });
    await expect(disk.finish(handle)).rejects.toMatchObject({ code: 'bad-argument' });
    await writeAll(disk, handle, file, range(file.pieces));
    await writeAll(disk, handle, file, [0]);
    expect(same((await disk.finish(handle)).path, file)).toBe(true);
  });

  it('refuses a piece layer that does not lead to the root', async () => {
    const file = sampleFile(200_000);
    const layer = file.layer.slice();
    layer[5] = (layer[5] ?? 0) ^ 1;
    const folder = tempFolder();
    await expect(receiver().open(targetOf(file, folder, ['file'], { layer }))).rejects.toMatchObject({ code: 'hash-mismatch' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('resumes after a close with exactly what was written', async () => {
    const folder = tempFolder();
    const file = sampleFile(500_000);
    const target = targetOf(file, folder, ['file']);
    const first = receiver();
    const opened = await first.open(target);
    await writeAll(first, opened.handle, file, [0, 3, 7]);
    await first.close(opened.handle);
    const again = await receiver().open(target);
    expect([...again.have]).toEqual([0b10010001]);
    expect(again.haveBytes).toBe(2 * 65_536 + (500_000 - 7 * 65_536));
  });

  it('shows what is there of a file that nobody can open yet, and touches none of it', async () => {
    const folder = tempFolder();
    const file = sampleFile(500_000);
    const [target, unproven] = [targetOf(file, folder, ['sub', 'file']), targetOf(file, folder, ['sub', 'file'], { layer: null })];
    const disk = receiver();
    expect(await disk.look(unproven)).toMatchObject({ haveBytes: 0, existing: null });
    const opened = await disk.open(target);
    await writeAll(disk, opened.handle, file, [0, 3, 7]);
    const there = { haveBytes: 2 * 65_536 + (500_000 - 7 * 65_536), existing: null };
    const names = readdirSync(join(folder, 'sub'));
    // Also while somebody writes it, as whoever was killed does for the others until they look for its process.
    for (const look of [unproven, targetOf(file, folder, ['sub', 'file'], { root: null, layer: null })]) {
      const { have, ...seen } = await disk.look(look);
      expect({ have: [...have], ...seen }).toEqual({ have: [0b10010001], ...there });
    }
    expect(await disk.look(targetOf(sampleFile(500_000, 2), folder, ['sub', 'file'], { layer: null }))).toMatchObject({ haveBytes: 0 });
    expect(readdirSync(join(folder, 'sub'))).toEqual(names);
    await writeAll(disk, opened.handle, file, range(file.pieces));
    const { path } = await disk.finish(opened.handle);
    expect(await disk.look(unproven)).toMatchObject({ haveBytes: 500_000, existing: path });
  });

  it('lets nobody write a file that is being written, and everybody after', async () => {
    const folder = tempFolder();
    const file = sampleFile(200_000);
    const target = targetOf(file, folder, ['file']);
    const [first, second] = [receiver(), receiver()];
    const { handle } = await first.open(target);
    await expect(second.open(target)).rejects.toMatchObject({ code: 'file-locked' });
    await expect(first.open(target)).rejects.toMatchObject({ code: 'file-locked' });
    await second.discardPartial(folder, ['file'], 200_000, null);
    await first.close(handle);
    const opened = await second.open(target);
    expect(readdirSync(folder).sort()).toEqual(['file.part', 'file.progress', 'file.progress.lock']);
    await second.discard(opened.handle);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('deletes what is unfinished only when asked, and only its own', async () => {
    const folder = tempFolder();
    const file = sampleFile(200_000);
    const disk = receiver();
    const { handle } = await disk.open(targetOf(file, folder, ['file']));
    await disk.close(handle);
    writeFileSync(join(folder, 'mine.part'), 'mine');
    writeFileSync(join(folder, 'mine.progress'), 'mine too');
    await disk.discardPartial(folder, ['mine'], 4, null);
    await disk.discardPartial(folder, ['missing', 'folder', 'x'], 4, null);
    await disk.discardPartial(folder, ['file'], 200_000, sampleFile(200_000, 2).root);
    await disk.discardPartial(folder, ['file'], 300_000, null);
    expect(readdirSync(folder).sort()).toEqual(['file.part', 'file.progress', 'mine.part', 'mine.progress']);
    await disk.discardPartial(folder, ['file'], 200_000, file.root);
    expect(readdirSync(folder).sort()).toEqual(['mine.part', 'mine.progress']);
  });

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

  it('knows what the volume can do', async () => {
    const folder = tempFolder();
    const abilities = await receiver().volume(folder);
    if (process.platform === 'linux') expect(abilities).toMatchObject({ folderSync: true, holes: true, hardLinks: true, caseSensitive: true });
    expect(readdirSync(folder)).toEqual([]);
    await expect(receiver().volume(join(folder, 'none'))).rejects.toMatchObject({ code: 'folder-gone' });
  });

  it('says disk-full instead of using up the reserve', async () => {
    const folder = tempFolder();
    const disk = receiver({ syncPolicy: { reserveBytes: 2 ** 60 } });
    const file = sampleFile(100_000);
    await expect(disk.open(targetOf(file, folder, ['file']))).rejects.toMatchObject({ code: 'disk-full' });
    expect(await disk.writeSmall([{ target: targetOf(sampleFile(10), folder, ['small']), data: sampleFile(10).data }])).toMatchObject([{ kind: 'error', error: { code: 'disk-full' } }]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops checking when cancelled, and leaves no lock', async () => {
    const folder = tempFolder();
    const file = sampleFile(4_000_000);
    writeFileSync(join(folder, 'file'), file.data);
    const disk = receiver();
    const controller = new AbortController();
    const opening = disk.open(targetOf(file, folder, ['file']), { signal: controller.signal });
    // Before the thread could be done: how fast it checks and how soon it would be told of progress is no test's business.
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('closes everything resumable at shutdown', async () => {
    const folder = realpathSync(tempFolder());
    const file = sampleFile(200_000);
    const first = createReceiver({ workers: 2 });
    const { handle } = await first.open(targetOf(file, folder, ['file']));
    await writeAll(first, handle, file, [1]);
    await first.shutdown();
    expect(existsSync(join(folder, 'file.progress.lock'))).toBe(false);
    expect([...(await receiver().open(targetOf(file, folder, ['file']))).have]).toEqual([0b01000000]);
    await expect(first.open(targetOf(file, folder, ['file']))).rejects.toMatchObject({ code: 'cancelled' });
  });
});
