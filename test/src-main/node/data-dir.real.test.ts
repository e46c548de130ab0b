import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultDataDir, defaultDownloadDir, ensureDataDir } from '#main/node/data-dir.ts';
import { lockDataDir } from '#main/node/data-dir-lock.ts';

let dir: string;
beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'data-dir-')); });
afterEach(async () => { await rm(dir, { recursive: true, force: true }); });

describe('default folders', () => {
  it('follow each platform', () => {
    expect(defaultDataDir({}, 'linux', '/home/a')).toBe('/home/a/.local/share/distrishare');
    expect(defaultDataDir({ XDG_DATA_HOME: '/x' }, 'linux', '/home/a')).toBe('/x/distrishare');
    expect(defaultDataDir({ XDG_DATA_HOME: 'relative' }, 'linux', '/home/a')).toBe('/home/a/.local/share/distrishare');
    expect(defaultDataDir({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Application Support/DistriShare');
    expect(defaultDownloadDir({}, 'darwin', '/Users/a')).toBe('/Users/a/Downloads/DistriShare');
  });

  it('follow the user where downloads go', async () => {
    await writeFile(join(dir, 'user-dirs.dirs'), '# comment\nXDG_DOWNLOAD_DIR="$HOME/Descargas"\n');
    expect(defaultDownloadDir({ XDG_CONFIG_HOME: dir }, 'linux', '/home/a')).toBe('/home/a/Descargas/DistriShare');
  });
});

describe('lock of a data directory', () => {
  it('is held by one, also within one process, and free after release', async () => {
    const lock = await lockDataDir(dir);
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'node-already-running' });
    await lock.release();
    await (await lockDataDir(dir)).release();
    expect(await readdir(dir)).toEqual([]);
  });

  it('goes to exactly one of many at once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(dir)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['lock']);
  });

  it('is taken over from a process that is gone, by exactly one', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: child.pid, started: '1' }));
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(dir)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it('is not fooled by another process that has the old number now', async () => {
    await writeFile(join(dir, 'lock'), JSON.stringify({ pid: process.ppid, started: '1' }));
    await expect(lockDataDir(dir)).resolves.toBeDefined();
  });

  it.each(['', '{', '{"pid":-3,"started":""}'])('a damaged lock %j is stale', async (text) => {
    await writeFile(join(dir, 'lock'), text);
    await expect(lockDataDir(dir)).resolves.toBeDefined();
  });

  it('makes the directory for its owner only', async () => {
    await lockDataDir(join(dir, 'new', 'er'));
    expect((await stat(join(dir, 'new', 'er'))).mode & 0o777).toBe(0o700);
  });

  it('says what is wrong with the place', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(lockDataDir(join(dir, 'file', 'below'))).rejects.toMatchObject({ code: 'not-a-folder' });
  });
});

describe('ensureDataDir', () => {
  it('makes folders inside folders, for their owner only', async () => {
    const path = join(dir, 'a', 'b', 'c');
    await ensureDataDir(path);
    await ensureDataDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('says so where a file is in the way', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(ensureDataDir(join(dir, 'file', 'data'))).rejects.toMatchObject({ code: 'not-a-folder' });
  });

  it.skipIf(process.platform !== 'linux')('gives up where nothing can be made', async () => {
    await expect(ensureDataDir('/proc/nonexistent/data')).rejects.toMatchObject({ code: 'disk-error' });
  });
});
