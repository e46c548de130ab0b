import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHarness } from './cli-harness.ts';

let dir: string;
let cli: CliHarness;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hash-'));
  cli = await CliHarness.start();
});
afterEach(async () => {
  await cli.close();
  await rm(dir, { recursive: true, force: true });
});

describe('hash', () => {
  it('needs no node and says when there is nothing', async () => {
    const { code, json } = await cli.run(`hash ${join(dir, 'none')} --json`);
    expect(code).toBe(1);
    expect(json()).toMatchObject([{ event: 'error', code: 'file-missing' }]);
  });

  it('gives a file of one leaf its SHA-256', async () => {
    await writeFile(join(dir, 'a.txt'), 'hello');
    const { code, json, out } = await cli.run(`hash ${join(dir, 'a.txt')} --json`);
    expect(code).toBe(0);
    expect(json()).toEqual([{ event: 'hash', path: join(dir, 'a.txt'), kind: 'file', contentId: createHash('sha256').update('hello').digest('hex'), bytes: 5, files: 1, skipped: [] }]);
    expect((await cli.run(`hash ${join(dir, 'a.txt')}`)).out).toBe(`${createHash('sha256').update('hello').digest('hex')}\n`);
    expect(out).not.toBe('');
  });

  it('gives a folder the same id wherever it lies, and another when a byte, a name or a place differs', async () => {
    const make = async (name: string, text: string, file = 'b.txt'): Promise<string> => {
      await mkdir(join(dir, name, 'sub', 'empty'), { recursive: true });
      await writeFile(join(dir, name, 'a.bin'), Buffer.alloc(300 * 1024, 7));
      await writeFile(join(dir, name, 'sub', file), text);
      const result = (await cli.run(`hash ${join(dir, name)} --json`)).json()[0];
      expect(result).toMatchObject({ kind: 'folder', files: 2, bytes: 300 * 1024 + text.length });
      return String(result?.['contentId']);
    };
    const one = await make('one', 'text');
    expect(await make('two', 'text')).toBe(one);
    expect(await make('three', 'texT')).not.toBe(one);
    expect(await make('four', 'text', 'c.txt')).not.toBe(one);
  });

  it('leaves out links and names that are no text, and says so of the latter', async () => {
    await writeFile(join(dir, 'a.txt'), 'hello');
    const before = (await cli.run(`hash ${dir} --json`)).json()[0]?.['contentId'];
    await symlink('/etc', join(dir, 'link'));
    await writeFile(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0x62, 0xff])]), 'x');
    const { json } = await cli.run(`hash ${dir} --json`);
    expect(json()[0]).toMatchObject({ contentId: before, skipped: [join(dir, 'b\ufffd')] });
  });
});
