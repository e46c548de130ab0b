import { mkdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileVersion } from '#main/disk/file-version.ts';
import { readSmallFiles } from '#main/disk/hash/read-small-files.ts';
import { tempFolder } from '../temp-folder.ts';

const versionOf = (path: string): string => fileVersion(statSync(path, { bigint: true }), 'other');

/** Reads whole files of up to 16 bytes; gives what was read, or null. */
function read(files: readonly { path: string; version: string; inside: string | null; position?: number; bytes: number }[]): (string | null)[] {
  const memory = new SharedArrayBuffer(16 * files.length);
  const places = Float64Array.from(files.flatMap(({ position = 0, bytes }, at) => [position, 0, 16 * at, bytes]));
  const done = readSmallFiles({ paths: files.map(({ path }) => path), insides: files.map(({ inside }) => inside), versions: files.map(({ version }) => version), buffers: [memory], places });
  return files.map(({ bytes }, at) => (done[at] === 1 ? Buffer.from(new Uint8Array(memory, 16 * at, bytes)).toString() : null));
}

function file(path: string, text: string) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return { path, version: versionOf(path), bytes: text.length };
}

describe('reading small files', () => {
  it('gives the bytes asked for of those that are what they were, and nothing of the others', () => {
    const inside = realpathSync(tempFolder());
    const [one, two, three] = [file(join(inside, 'a/one'), 'first'), file(join(inside, 'a/two'), 'second'), file(join(inside, 'b/three'), 'third')];
    writeFileSync(two.path, 'other!');
    expect(read([one, two, three, { ...one, position: 2, bytes: 3 }, { ...one, position: 2 }, { ...one, path: join(inside, 'gone') }].map((each) => ({ inside, ...each }))))
      .toEqual(['first', null, 'third', 'rst', null, null]);
  });

  it('follows no link out of the share, neither in the place of the file nor of a folder above', () => {
    const base = realpathSync(tempFolder());
    const inside = join(base, 'share');
    const secret = file(join(base, 'outside/secret'), 'secret');
    mkdirSync(inside);
    symlinkSync(join(base, 'outside'), join(inside, 'folder'));
    symlinkSync(secret.path, join(inside, 'link'));
    expect(read([{ ...secret, inside, path: join(inside, 'folder/secret') }, { ...secret, inside, path: join(inside, 'link') }, { ...secret, inside: base, path: join(inside, 'folder/secret') }])).toEqual([null, null, 'secret']);
  });

  it('reads a share that is a single file', () => {
    const one = file(join(realpathSync(tempFolder()), 'one'), 'text');
    expect(read([{ ...one, inside: one.path }])).toEqual(['text']);
    rmSync(one.path);
    expect(read([{ ...one, inside: one.path }])).toEqual([null]);
  });
});
