import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InotifyQueue } from '#main/disk/watch/inotify-queue.ts';
import { startWatch } from '#main/disk/watch/start-watch.ts';
import { tempFolder } from '../temp-folder.ts';

/** What a watch tells of; paths are told of relative to its folder. */
class Heard {
  readonly #root: string;
  readonly #paths = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor(root: string) {
    this.#root = root;
  }

  changed(paths: readonly string[]): void {
    for (const path of paths) this.#paths.add(relative(this.#root, path));
    for (const look of this.#waiting) look();
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Resolves when all these have been told of since `forget`. */
  of(...paths: string[]): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!paths.every((path) => this.#paths.has(path))) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  forget(): void {
    this.#paths.clear();
  }
}

async function watching(root: string): Promise<Heard> {
  const heard = new Heard(root);
  const watched = await startWatch(root, 'folder', { changed: (paths) => heard.changed(paths), failed: (error) => expect.fail(error.message) });
  onTestFinished(() => watched.close());
  return heard;
}

describe('a watched folder', () => {
  test('tells of files that come, change and go, and of new folders', async () => {
    const root = tempFolder();
    mkdirSync(join(root, 'deep/down'), { recursive: true });
    for (const name of ['changes', 'goes', 'deep/down/changes']) writeFileSync(join(root, name), 'x');
    const heard = await watching(root);
    writeFileSync(join(root, 'changes'), 'xy');
    writeFileSync(join(root, 'deep/down/changes'), 'xy');
    writeFileSync(join(root, 'comes'), 'x');
    mkdirSync(join(root, 'folder'));
    rmSync(join(root, 'goes'));
    renameSync(join(root, 'deep/down'), join(root, 'deep/up'));
    await heard.of('changes', 'deep/down/changes', 'comes', 'folder', 'goes', 'deep/down', 'deep/up');
  });

  test('cannot be one that is not there', async () => {
    const none = join(tempFolder(), 'none');
    await expect(startWatch(none, 'folder', { changed: () => undefined, failed: () => undefined })).rejects.toMatchObject({ code: 'watch-failed', params: { path: none } });
  });
});

const write = (...path: string[]): void => writeFileSync(join(...path), 'x');

describe('what happens in a folder', () => {
  test('that came together with the one it lies in is told of', async () => {
    const root = tempFolder();
    const heard = await watching(root);
    const tops = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const top of tops) mkdirSync(join(root, top, 'down/below'), { recursive: true });
    await heard.of(...tops);
    for (const top of tops) write(root, top, 'down/below/file');
    await heard.of(...tops.map((top) => `${top}/down/below/file`));
  });

  test('that was moved here from elsewhere is told of', async () => {
    const [root, elsewhere] = [tempFolder(), tempFolder()];
    mkdirSync(join(elsewhere, 'a/b'), { recursive: true });
    const heard = await watching(root);
    renameSync(join(elsewhere, 'a'), join(root, 'a'));
    await heard.of('a');
    write(root, 'a/b/file');
    await heard.of('a/b/file');
  });

  test('that was renamed is told of under the new name, and no more when it has left', async () => {
    const [root, elsewhere] = [tempFolder(), tempFolder()];
    mkdirSync(join(root, 'old/b'), { recursive: true });
    const heard = await watching(root);
    renameSync(join(root, 'old'), join(root, 'new'));
    await heard.of('old', 'new');
    write(root, 'new/b/file');
    await heard.of('new/b/file');
    expect(heard.has('old/b/file')).toBe(false);
    renameSync(join(root, 'new'), join(elsewhere, 'new'));
    heard.forget();
    await heard.of('new');
    write(elsewhere, 'new/b/other');
    write(root, 'last');
    await heard.of('last');
    expect(heard.has('new/b/other')).toBe(false);
  });

  test('that was deleted and made again is told of', async () => {
    const root = tempFolder();
    mkdirSync(join(root, 'a/b'), { recursive: true });
    const heard = await watching(root);
    for (let round = 0; round < 3; round++) {
      heard.forget();
      rmSync(join(root, 'a'), { recursive: true });
      mkdirSync(join(root, 'a/b'), { recursive: true });
      await heard.of('a');
      write(root, 'a/b/file');
      await heard.of('a/b/file');
    }
  });

  test('that took the place of the watched one is told of', async () => {
    const [root, other] = [join(tempFolder(), 'root'), tempFolder()];
    mkdirSync(join(root, 'b'), { recursive: true });
    mkdirSync(join(other, 'root/b'), { recursive: true });
    const heard = await watching(root);
    renameSync(root, `${root} before`);
    renameSync(join(other, 'root'), root);
    await heard.of('');
    write(root, 'b/file');
    await heard.of('b/file');
  });

  test('that is gone, with the watched one, is told of by the path of that', async () => {
    const root = join(tempFolder(), 'root');
    mkdirSync(join(root, 'b'), { recursive: true });
    const heard = await watching(root);
    rmSync(root, { recursive: true });
    await heard.of('');
  });

  test.runIf(process.platform === 'linux')('is told of as well when the kernel dropped what happened before it', async () => {
    const root = tempFolder();
    const heard = await watching(root);
    // All of it in one turn: more than the kernel keeps for who does not read it.
    for (let number = 0; number < 18_000; number++) symlinkSync('nothing', join(root, String(number)));
    mkdirSync(join(root, 'last/of/all'), { recursive: true });
    await heard.of('');
    expect(heard.has('last')).toBe(false);
    write(root, 'last/of/all/file');
    await heard.of('last/of/all/file');
  });

  test('is told of whatever came before', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const step = fc.oneof(
      fc.record({ make: path }),
      fc.record({ from: name, to: path }),
      fc.record({ from: path, to: path }),
      fc.record({ remove: path }),
      fc.record({ pauseMs: fc.integer({ min: 0, max: 120 }) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const base = tempFolder();
      const root = join(base, 'root');
      for (const folder of ['a/a', 'a/b/a', 'b/c', 'c']) mkdirSync(join(root, folder), { recursive: true });
      const heard = new Heard(root);
      const watched = await startWatch(root, 'folder', { changed: (paths) => heard.changed(paths), failed: (error) => expect.fail(error.message) });
      for (const todo of steps) {
        if ('make' in todo) mkdirSync(join(root, todo.make), { recursive: true });
        else if ('remove' in todo) rmSync(join(root, todo.remove), { recursive: true, force: true });
        else if ('pauseMs' in todo) await pause(todo.pauseMs);
        else if (existsSync(join(root, todo.from)) && existsSync(join(root, todo.to, '..')) && !existsSync(join(root, todo.to)) && !todo.to.startsWith(`${todo.from}/`)) renameSync(join(root, todo.from), join(root, todo.to));
      }
      write(root, 'end of all that');
      await heard.of('end of all that');
      const folders = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      for (const folder of folders) write(folder, 'file');
      await heard.of(...folders.map((folder) => relative(root, join(folder, 'file'))));
      await watched.close();
    }), { numRuns: 12 });
  });
});

test('a queue tells once a turn that changes may be missing, when half as many were read as it holds', async () => {
  const queue = new InotifyQueue(8);
  let told = 0;
  const end = queue.onMissing(() => { told++; });
  const turn = async (events: number): Promise<number> => {
    told = 0;
    for (let event = 0; event < events; event++) queue.read();
    await new Promise((resolve) => setImmediate(resolve));
    return told;
  };
  expect([await turn(3), await turn(3), await turn(4), await turn(9)]).toEqual([0, 0, 1, 1]);
  end();
  expect(await turn(4)).toBe(0);
});
