import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { pairOfNodes, Stage, type ServedNode } from './programs.ts';
import { sha256Of, snapshot, writeRandom, writeRealFolder } from './trees.ts';

const stage = new Stage();
let sender: ServedNode;
let receiver: ServedNode;
let source: string;

beforeAll(async () => {
  source = join(await stage.folder(), 'Things to share');
  await writeRealFolder(source, { smallFiles: 300, largeBytes: 33 * MiB + 5 });
  ({ sender, receiver } = await pairOfNodes(stage));
  await sender.must('share', source, '--audience', 'everyone', '--wait');
});
afterAll(() => stage.close());

describe('two headless nodes', () => {
  it('browses the other one', async () => {
    const { lines, code } = await receiver.cli('browse', 'Sender', 'Things to share');
    expect(code).toBe(0);
    expect(lines.map((line) => line['name'])).toEqual(expect.arrayContaining(['small', 'large.bin', 'empty file', 'empty folder', 'ünïcødé 日本語 🎈']));
  });

  it('finds by words in any order, case and accents', async () => {
    const { lines } = await receiver.cli('search', 'CAFE', 'naive', '--for', '3');
    expect(JSON.stringify(lines)).toContain('naïve café.txt');
  });

  it('downloads a folder, byte for byte', async () => {
    const to = await stage.folder();
    const done = await receiver.must('get', 'Sender', 'Things to share', '--to', to);
    expect(done).toMatchObject({ event: 'done', path: join(to, 'Things to share') });
    expect(await snapshot(join(to, 'Things to share'))).toEqual(await snapshot(source));
  });

  it('downloads one file, and by content id from whoever has it', async () => {
    const to = await stage.folder();
    await receiver.must('get', 'Sender', 'Things to share/large.bin', '--to', to);
    expect(await sha256Of(join(to, 'large.bin'))).toBe(await sha256Of(join(source, 'large.bin')));
    const { lines } = await receiver.cli('browse', 'Sender', 'Things to share');
    const contentId = lines.find((line) => line['name'] === 'large.bin')?.['contentId'];
    // It lies in no share of the receiver's, and is said to be here all the same, as long as it is.
    const seenHere = async (): Promise<unknown> => (await receiver.cli('browse', 'Sender', 'Things to share')).lines.find((line) => line['name'] === 'large.bin')?.['haveBytes'];
    expect(await seenHere()).toBe((await stat(join(to, 'large.bin'))).size);
    const elsewhere = await stage.folder();
    const done = await receiver.must('get', String(contentId), '--to', elsewhere);
    expect(await sha256Of(String(done['path']))).toBe(await sha256Of(join(source, 'large.bin')));
    for (const path of [join(to, 'large.bin'), String(done['path'])]) await rm(path);
    expect(await seenHere()).toBe(0);
  });

  it('never overwrites: a different file keeps its name, an identical one is kept', async () => {
    const to = await stage.folder();
    await writeFile(join(to, 'large.bin'), 'mine');
    await receiver.must('get', 'Sender', 'Things to share/large.bin', '--to', to);
    expect(await sha256Of(join(to, 'large (2).bin'))).toBe(await sha256Of(join(source, 'large.bin')));
    expect(await snapshot(to)).toHaveProperty('size', 2);
  });

  it('gets a file that nobody has hashed yet', async () => {
    const fresh = join(await stage.folder(), 'Fresh');
    await writeRealFolder(fresh, { smallFiles: 5, largeBytes: 40 * MiB });
    await sender.must('share', fresh, '--audience', 'everyone');
    const to = await stage.folder();
    await receiver.must('get', 'Sender', 'Fresh', '--to', to);
    expect(await snapshot(join(to, 'Fresh'))).toEqual(await snapshot(fresh));
  });

  it('shows nothing to whom it is not for', async () => {
    const hidden = join(await stage.folder(), 'Private');
    await writeRealFolder(hidden, { smallFiles: 1, largeBytes: 10 });
    await sender.must('share', hidden, '--audience', 'devices', '--wait');
    const { lines } = await receiver.cli('browse', 'Sender');
    expect(JSON.stringify(lines)).not.toContain('Private');
    const refused = await receiver.cli('get', 'Sender', 'Private', '--to', await stage.folder());
    expect(refused.code).not.toBe(0);
    expect(refused.lines.at(-1)).toMatchObject({ event: 'error', code: 'not-found' });
  });

  it('pushes a folder to somebody who accepts, and hears of a no', async () => {
    const gift = join(await stage.folder(), 'Gift');
    await writeRealFolder(gift, { smallFiles: 20, largeBytes: 3 * MiB });
    const sending = sender.cli('send', 'Receiver', gift);
    const to = await stage.folder();
    await receiver.must('accept', await firstWaiting(receiver), '--to', to);
    expect((await sending).code).toBe(0);
    expect(await snapshot(join(to, 'Gift'))).toEqual(await snapshot(gift));

    const unwanted = join(await stage.folder(), 'unwanted.bin');
    await writeRandom(unwanted, 1000);
    const refused = sender.cli('send', 'Receiver', unwanted);
    await receiver.must('decline', await firstWaiting(receiver));
    expect((await refused).code).toBe(4);
  });
});

async function firstWaiting(node: ServedNode): Promise<string> {
  const asked = async (): Promise<unknown> => (await node.cli('inbox')).lines.find(({ state }) => state === 'asked')?.['id'];
  await expect.poll(asked).toBeDefined();
  return String(await asked());
}
