import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openFoundation, type Closers } from '#main/node/foundation.ts';

const open = async (dataDir: string): Promise<() => Promise<void>> => {
  const closers: Closers = [];
  const close = async (): Promise<void> => { for (const closer of closers.splice(0).reverse()) await closer(); };
  onTestFinished(close);
  await openFoundation(dataDir, undefined, (error) => { throw error; }, closers);
  return close;
};

const killed = ['settings.json.0123456789ab.tmp', 'settings.json.bak.0123456789ab.tmp', 'shares.json.abcdefabcdef.tmp', 'run.json.000000000000.tmp'];
const others = ['settings.json.tmp', 'settings.json.0123456789ab.tmp.txt', 'notes.json.0123456789ab.tmp', 'settings.json.0123456789AB.tmp', 'settings.damaged-1.json'];

it('a start removes what killed writers left, nothing else, and nothing while another one runs', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'left-aside-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  for (const name of [...killed, ...others]) await writeFile(join(dataDir, name), 'half');
  await mkdir(join(dataDir, 'run.json.111111111111.tmp'));
  const close = await open(dataDir);
  const left = await readdir(dataDir);
  expect(left).toEqual(expect.arrayContaining([...others, 'run.json.111111111111.tmp']));
  expect(left.filter((name) => killed.includes(name))).toEqual([]);
  await writeFile(join(dataDir, killed[0] ?? ''), 'of the one that runs');
  await expect(open(dataDir)).rejects.toMatchObject({ code: 'node-already-running' });
  expect(await readdir(dataDir)).toContain(killed[0]);
  await close();
});

it.skipIf(process.platform === 'win32')('a start closes to others what a restore from a backup has opened', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'left-open-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  await (await open(dataDir))();
  const secret = ['identity', 'store'].map((name) => join(dataDir, name));
  for (const folder of secret) await chmod(folder, 0o755);
  await open(dataDir);
  expect((await Promise.all(secret.map((folder) => stat(folder)))).map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o700]);
});
