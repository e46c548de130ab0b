import { readdirSync, realpathSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createReceiver } from '#main/disk/receive/receiver.ts';
import { BufferPool } from '#main/node/swarm/buffer-pool.ts';
import { MiB } from '#shared/units.ts';
import { tempFolder } from '../temp-folder.ts';
import { range, receiver, same, writeAll } from './receiving.ts';
import { sampleFile, targetOf } from './sample-file.ts';

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
