import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Share } from '#shared/model/share.ts';
import { among, apart, mayMount } from './own-mounts.ts';
import { Stage, type ServedNode } from './programs.ts';
import { quiet } from './sender-of-a-film.ts';

describe.skipIf(!mayMount)('a drive that is mounted inside a share', () => {
  const stage = new Stage();
  afterAll(() => stage.close());

  const shareOf = async (node: ServedNode): Promise<Share> => (await node.call('shares.list', {}))[0] ?? expect.fail('no share');
  /** Waits until the share is as it should be. */
  async function until(node: ServedNode, fits: (share: Share) => boolean): Promise<Share> {
    const changed = await node.listen((event) => event.type === 'share' && fits(event.share));
    const now = await shareOf(node);
    if (fits(now)) return now;
    await changed.event;
    return shareOf(node);
  }
  const namesIn = async (node: ServedNode, path: string): Promise<string[]> => (await node.call('shares.browse', { path, limit: 100 })).entries.map(({ name }) => name);
  const isAway = ({ problems }: Share): boolean => problems.first.some(({ path, error }) => path === 'my drive' && error.code === 'folder-gone');

  it('keeps its place in the list while it is away, also after a restart and without its folder, and is looked through when it is back', async () => {
    const [dataDir, folder] = [await stage.folder(), await stage.folder()];
    const share = join(folder, 'share');
    const drive = join(share, 'my drive');
    await mkdir(drive, { recursive: true });
    await writeFile(join(share, 'note'), 'note');
    const first = await stage.serve(quiet, apart, dataDir);
    among(first, 'mount', '-t', 'tmpfs', 'tmpfs', drive);
    await mkdir(join('/proc', String(first.pid), 'root', drive, 'films'));
    await writeFile(join('/proc', String(first.pid), 'root', drive, 'films', 'film'), 'film');
    await first.must('share', share, '--audience', 'everyone', '--wait');
    const whole = await shareOf(first);
    expect(whole).toMatchObject({ files: 2, problems: { count: 0 } });

    among(first, 'umount', drive);
    await first.call('shares.rescan', { share: 'share' });
    expect(await until(first, (now) => isAway(now) && now.state === 'ready')).toMatchObject({ files: 2, contentId: whole.contentId });
    expect(await namesIn(first, 'share/my drive/films')).toEqual(['film']);
    // As whatever mounts drives by itself does.
    await rmdir(drive);
    await writeFile(join(share, 'more'), 'more');
    await until(first, ({ files, state }) => files === 3 && state === 'ready');
    expect(await namesIn(first, 'share/my drive/films')).toEqual(['film']);
    await first.kill('SIGKILL');

    const second = await stage.serve(quiet, apart, dataDir);
    expect(await until(second, (now) => isAway(now) && now.state === 'ready')).toMatchObject({ files: 3 });
    expect(await namesIn(second, 'share/my drive/films')).toEqual(['film']);
    await mkdir(drive);
    among(second, 'mount', '-t', 'tmpfs', 'tmpfs', drive);
    const other = join('/proc', String(second.pid), 'root', drive, 'other');
    const another = join('/proc', String(second.pid), 'root', drive, 'another');
    await Promise.all([writeFile(other, 'other'), writeFile(another, 'another')]);
    // It is known to be back before it is looked through, so its files tell when that is done.
    await until(second, ({ files, problems }) => files === 4 && problems.count === 0);
    expect(await namesIn(second, 'share/my drive')).toEqual(['another', 'other']);
    await Promise.all([rm(other), rm(another)]);
    await until(second, ({ files }) => files === 2);
    expect(await namesIn(second, 'share/my drive')).toEqual([]);
  });
});
