import { spawnSync } from 'node:child_process';
import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isTransferId } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';
import { runCli, serve, Stage, type Line, type Outcome, type ServedNode, type Wrap } from './programs.ts';
import { quiet, senderOfAFilm } from './sender-of-a-film.ts';
import { sha256Of } from './trees.ts';

const stage = new Stage();
let sender: ServedNode;
let film: string;

beforeAll(async () => { ({ sender, film } = await senderOfAFilm(stage)); });
afterAll(() => stage.close());

/** A data directory with a name of its own and a share in it, and nobody who serves it. */
async function usedDataDir(): Promise<string> {
  const dataDir = await stage.folder();
  const node = await serve(dataDir, quiet);
  await node.must('settings', 'name', 'Somebody');
  await node.must('share', film, '--audience', 'nobody', '--wait');
  await node.kill('SIGTERM');
  return dataDir;
}

const serveFails = async (dataDir: string, wrap?: Wrap): Promise<Outcome> => runCli(['serve', '--data', dataDir, '--json', ...quiet], wrap);
const problems = (status: Line): string => JSON.stringify(status['problems']);
const garbage = Buffer.alloc(5000, 'garbage');

describe('a data directory with something damaged', () => {
  it('settings: starts, says so, and keeps what was there', async () => {
    const dataDir = await usedDataDir();
    await writeFile(join(dataDir, 'settings.json'), garbage);
    const node = await stage.serve(quiet, undefined, dataDir);
    expect(problems(await node.must('status'))).toContain('settings-damaged');
    const aside = (await readdir(dataDir)).find((name) => name.startsWith('settings.damaged')) ?? expect.fail('nothing was kept');
    expect(await readFile(join(dataDir, aside))).toEqual(garbage);
  });

  it('store: starts with the same shares as before', async () => {
    const dataDir = await usedDataDir();
    for (const name of await readdir(join(dataDir, 'store'))) if (name !== 'VERSION') await writeFile(join(dataDir, 'store', name), garbage);
    const node = await stage.serve(quiet, undefined, dataDir);
    expect((await node.must('status'))['name']).toBe('Somebody');
    const { lines } = await node.cli('shares');
    expect(lines.filter((line) => line['name'] === 'film.bin')).toMatchObject([{ audience: { kind: 'nobody' } }]);
  });

  it.each(['key.pem', 'cert.pem'])('%s: does not start as somebody else', async (file) => {
    const dataDir = await usedDataDir();
    const damaged = join(dataDir, 'identity', file);
    await writeFile(damaged, garbage);
    const { code, lines } = await serveFails(dataDir);
    expect([code, lines]).toMatchObject([1, [{ event: 'error', code: 'identity-damaged', params: { path: join(dataDir, 'identity') } }]]);
    expect(await readFile(damaged)).toEqual(garbage);
  });

  it.each(['garbage', 'cut short', 'gone'])('journal of a download (%s): ends with the right bytes', async (how) => {
    const dataDir = await stage.folder();
    const to = await stage.folder();
    await sender.must('settings', 'uploadLimit', String(4 * MiB));
    const killed = await serve(dataDir, quiet);
    await killed.must('connect', `127.0.0.1:${sender.ready.port}`);
    const { id } = await killed.must('get', 'Sender', 'film.bin', '--to', to, '--no-wait');
    if (typeof id !== 'string' || !isTransferId(id)) throw new Error('no transfer');
    while ((await killed.call('transfers.get', { id })).transfer.doneBytes < 2 * MiB);
    await killed.kill('SIGKILL');
    const journal = join(to, 'film.bin.progress');
    if (how === 'garbage') await writeFile(journal, garbage);
    else if (how === 'gone') await rm(journal);
    else {
      const file = await open(journal, 'r+');
      await file.truncate(130);
      await file.close();
    }
    await sender.must('settings', 'uploadLimit', 'off');
    const node = await stage.serve(quiet, undefined, dataDir);
    await node.must('connect', `127.0.0.1:${sender.ready.port}`);
    // The same wish again waits for the download that is under way.
    await node.must('get', 'Sender', 'film.bin', '--to', to);
    expect(await readdir(to)).toEqual(['film.bin']);
    expect(await sha256Of(join(to, 'film.bin'))).toBe(await sha256Of(film));
  });
});

it('ports that are taken: the next free ones are used', async () => {
  const withWeb = ['--no-multicast', '--no-mdns', '--listen', '127.0.0.1'];
  const first = await stage.serve([...withWeb, '--port', String(sender.ready.port), '--web-port', '0']);
  expect(first.ready.port).toBeGreaterThan(sender.ready.port);
  const webPort = new URL(first.ready.webUrl ?? '').port;
  const second = await stage.serve([...withWeb, '--port', String(sender.ready.port), '--web-port', webPort]);
  expect(second.ready.port).toBeGreaterThan(first.ready.port);
  expect(Number(new URL(second.ready.webUrl ?? '').port)).toBeGreaterThan(Number(webPort));
});

it('nobody at the address: said as such, and the program goes on', async () => {
  const outcome = await sender.cli('connect', '127.0.0.1:1');
  expect([outcome.code, outcome.lines.at(-1)]).toMatchObject([3, { event: 'error', code: 'not-reachable' }]);
  expect((await sender.cli('status')).code).toBe(0);
});

/** Root may do everything, unless it gives that up first. */
const isRoot = process.getuid?.() === 0;
const bounded: Wrap = isRoot ? (command, args) => ['setpriv', ['--bounding-set', '-dac_override,-dac_read_search', command, ...args]] : (command, args) => [command, args];
const mayBound = process.platform === 'linux' && (!isRoot || spawnSync('setpriv', ['--version']).status === 0);
if (!mayBound) console.warn('skipped: no permission (needs Linux, and the program setpriv for root)');

describe.skipIf(!mayBound)('a folder that the system keeps from us', () => {
  let locked: string;
  beforeAll(async () => {
    locked = join(await stage.folder(), 'locked');
    await mkdir(locked, { mode: 0 });
  });

  it('for the data directory ends the start with its reason', async () => {
    const { code, lines } = await serveFails(join(locked, 'data'), bounded);
    expect([code, lines]).toMatchObject([1, [{ event: 'error', code: 'no-permission' }]]);
  });

  it('but lets us see, for the data directory, does the same', async () => {
    const folder = await stage.folder();
    await chmod(folder, 0o500);
    expect(await serveFails(folder, bounded)).toMatchObject({ code: 1, lines: [{ event: 'error', code: 'no-permission' }] });
  });

  it('cannot be shared; a download into it waits, and goes on when it may', async () => {
    const node = await serve(await stage.folder(), quiet, bounded);
    try {
      const shared = await node.cli('share', locked, '--audience', 'everyone', '--wait');
      expect([shared.code, shared.lines.at(-1)]).toMatchObject([1, { event: 'error', code: 'no-permission' }]);
      await node.must('connect', `127.0.0.1:${sender.ready.port}`);
      const { id } = await node.must('get', 'Sender', 'film.bin', '--to', locked, '--no-wait');
      for (let line: Line | undefined; line?.['state'] !== 'waiting';) {
        line = (await node.cli('transfers')).lines.find((candidate) => candidate['id'] === id);
        if (line?.['state'] === 'waiting') expect(line['reason']).toMatchObject({ code: 'no-permission' });
      }
      await chmod(locked, 0o700);
      await node.must('get', 'Sender', 'film.bin', '--to', locked);
      expect(await sha256Of(join(locked, 'film.bin'))).toBe(await sha256Of(film));
    } finally {
      await node.kill('SIGTERM');
    }
  });
});

const mounted: string[] = [];
afterEach(() => { for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]); });

it.skipIf(process.platform !== 'linux' || !isRoot)('a full disk under the data directory ends the start with its reason', async () => {
  const folder = await stage.folder();
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status).toBe(0);
  mounted.push(folder);
  await writeFile(join(folder, 'much'), Buffer.alloc(1 << 20)).catch(() => undefined);
  const { code, lines } = await serveFails(join(folder, 'data'));
  expect([code, lines]).toMatchObject([1, [{ event: 'error', code: 'disk-full' }]]);
});
