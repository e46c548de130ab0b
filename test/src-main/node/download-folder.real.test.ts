import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import { transferIdSchema } from '#shared/model/ids.ts';

let folder: string;
let node: RunningNode;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-folder-'));
  node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, downloadDir: join(folder, 'first'), multicast: false, mdns: false } });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

const choose = (downloadDir: string): Promise<unknown> => node.api.call('settings.set', { patch: { downloadDir } });

it('a folder that is chosen for downloads is there at once', async () => {
  await choose(join(folder, 'films/new'));
  expect((await stat(join(folder, 'films/new'))).isDirectory()).toBe(true);
});

it('a place that takes no downloads is refused when it is chosen, and the one before stays', async () => {
  await choose(join(folder, 'second'));
  await writeFile(join(folder, 'a file'), '');
  await expect(choose(join(folder, 'a file'))).rejects.toMatchObject({ code: 'not-a-folder' });
  await expect(choose(join(folder, 'a file/below'))).rejects.toMatchObject({ code: 'not-a-folder' });
  expect((await node.api.call('settings.get', {})).downloadDir).toBe(join(folder, 'second'));
});

it('a transfer that is not on the list is named as what it is', async () => {
  const id = transferIdSchema.parse('0123456789abcdef');
  await expect(node.api.call('transfers.pause', { id })).rejects.toMatchObject({ code: 'transfer-unknown', params: { name: id } });
});
