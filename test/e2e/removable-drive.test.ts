import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTransferId, type TransferId } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';
import { among, apart, mayMount } from './own-mounts.ts';
import { Stage, type ServedNode } from './programs.ts';
import { quiet, senderOfAFilm } from './sender-of-a-film.ts';
import { sha256Of } from './trees.ts';

const reasonOf = async (node: ServedNode, id: TransferId): Promise<string | undefined> => (await node.call('transfers.get', { id })).transfer.reason?.code;

async function waitsForFolder(node: ServedNode, id: TransferId): Promise<void> {
  const waiting = await node.listen((event) => event.type === 'transfer' && event.transfer.id === id && event.transfer.reason?.code === 'folder-gone');
  if ((await reasonOf(node, id)) !== 'folder-gone') await waiting.event;
}

describe.skipIf(!mayMount)('a download to a drive', () => {
  const stage = new Stage();
  let sender: ServedNode;
  let film: string;
  beforeAll(async () => { ({ sender, film } = await senderOfAFilm(stage)); });
  afterAll(() => stage.close());

  async function begun(): Promise<{ node: ServedNode; id: TransferId; stick: string; drive: string; dataDir: string }> {
    const [dataDir, folder] = [await stage.folder(), await stage.folder()];
    const [stick, drive] = [join(folder, 'stick'), join(folder, 'drive')];
    for (const each of [stick, drive]) await mkdir(each);
    await sender.call('settings.set', { patch: { uploadLimit: MiB } });
    const node = await stage.serve(quiet, apart, dataDir);
    among(node, 'mount', '-t', 'tmpfs', 'tmpfs', stick);
    among(node, 'mount', '--bind', stick, drive);
    await node.call('peers.connect', { address: `127.0.0.1:${sender.ready.port}` });
    const { id } = await node.must('get', 'Sender', 'film.bin', '--to', drive, '--no-wait');
    if (typeof id !== 'string' || !isTransferId(id)) throw new Error('no transfer');
    while ((await node.call('transfers.get', { id })).transfer.doneBytes < MiB);
    return { node, id, stick, drive, dataDir };
  }

  it('that is taken out while it is paused: says so, leaves the folder beneath alone, and goes on when the drive is back', async () => {
    const { node, id, stick, drive } = await begun();
    await node.call('transfers.pause', { id });
    among(node, 'umount', drive);
    await sender.call('settings.set', { patch: { uploadLimit: 'off' } });
    await node.call('transfers.resume', { id });
    await waitsForFolder(node, id);
    expect(await readdir(drive)).toEqual([]);
    const done = await node.listen((event) => event.type === 'transfer' && event.transfer.id === id && event.transfer.state === 'done');
    among(node, 'mount', '--bind', stick, drive);
    await done.event;
    expect(await readdir(drive)).toEqual([]);
    expect(await sha256Of(join('/proc', String(node.pid), 'root', drive, 'film.bin'))).toBe(await sha256Of(film));
  });

  it('that is not there after a restart: waits, and goes on on another drive in its place', async () => {
    const { node: before, id, drive, dataDir } = await begun();
    await before.kill('SIGKILL');
    await sender.call('settings.set', { patch: { uploadLimit: 'off' } });
    const node = await stage.serve([...quiet, '--download-dir', join(drive, 'downloads')], apart, dataDir);
    await node.call('peers.connect', { address: `127.0.0.1:${sender.ready.port}` });
    expect((await node.call('node.status', {})).problems).toEqual([{ code: 'folder-gone', params: { path: join(drive, 'downloads') } }]);
    await waitsForFolder(node, id);
    await node.must('get', 'Sender', 'film.bin', '--to', join(drive, 'films'), '--no-wait');
    expect(await readdir(drive)).toEqual([]);
    const done = await node.listen((event) => event.type === 'transfer' && event.transfer.id === id && event.transfer.state === 'done');
    among(node, 'mount', '-t', 'tmpfs', 'tmpfs', drive);
    await done.event;
    expect(await readdir(drive)).toEqual([]);
  });
});
