import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultDataDir, defaultDownloadDir, ensureDataDir } from '#main/node/data-dir.ts';
import { lockDataDir } from '#main/node/data-dir-lock.ts';
import { serve } from '../../e2e/programs.ts';

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

  it.each(['', 'somewhere'])('do not depend on where the program is started when HOME is “%s”', (home) => {
    vi.stubEnv('HOME', home);
    expect([isAbsolute(defaultDataDir({}, 'linux')), isAbsolute(defaultDownloadDir({}, 'linux'))]).toEqual([true, true]);
    vi.unstubAllEnvs();
  });

  it('follow the user where downloads go', async () => {
    await writeFile(join(dir, 'user-dirs.dirs'), '# comment\nXDG_DOWNLOAD_DIR="$HOME/Descargas"\n');
    expect(defaultDownloadDir({ XDG_CONFIG_HOME: dir }, 'linux', '/home/a')).toBe('/home/a/Descargas/DistriShare');
  });
});

describe('lock of a data directory', () => {
  it('says what keeps it from being there', async () => {
    await writeFile(join(dir, 'lock'), '');
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'not-a-folder', params: { path: join(dir, 'lock') } });
  });

  it('is held by one, also within one process, and free after release', async () => {
    const lock = await lockDataDir(dir);
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'node-already-running' });
    await lock.release();
    await (await lockDataDir(dir)).release();
  });

  it('goes to exactly one of many at once, again and again', async () => {
    for (let round = 0; round < 10; round++) {
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(dir)));
      const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(won).toHaveLength(1);
      await won[0]?.release();
    }
  });

  it('goes to exactly one of many processes when its holder was killed', async () => {
    const quiet = ['--port', '0', '--no-web', '--no-multicast', '--no-mdns', '--download-dir', join(dir, 'downloads')];
    const first = await serve(dir, quiet);
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'node-already-running' });
    await first.kill('SIGKILL');
    const tries = await Promise.allSettled(Array.from({ length: 3 }, () => serve(dir, quiet)));
    const heirs = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(heirs).toHaveLength(1);
    await heirs[0]?.kill('SIGKILL');
    await (await lockDataDir(dir)).release();
  });

  it.each(['CURRENT', 'MANIFEST'])('is taken when its damaged %s says nothing', async (prefix) => {
    await (await lockDataDir(dir)).release();
    const folder = join(dir, 'lock');
    for (const name of await readdir(folder)) if (name.startsWith(prefix)) await writeFile(join(folder, name), 'garbage');
    const lock = await lockDataDir(dir);
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'node-already-running' });
    await lock.release();
  });

  it('makes the directory for its owner only', async () => {
    await (await lockDataDir(join(dir, 'new', 'er'))).release();
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
