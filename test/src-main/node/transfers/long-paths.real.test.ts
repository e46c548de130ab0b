import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunningNode } from '#main/node/node.ts';
import { wholeNodes } from '../whole-nodes.ts';

const nodes = wholeNodes();
const files = 300;
/** As JSON, each of its characters takes six bytes. */
const long = '\u0001'.repeat(250);

const done = (node: RunningNode): Promise<unknown> => new Promise((resolve) => {
  node.api.subscribe((event) => { if (event.type === 'transfer' && (event.transfer.state === 'done' || event.transfer.reason !== null)) resolve(event.transfer.reason ?? 'done'); });
});
const arrived = async (under: string): Promise<number> => (await readdir(join(nodes.folder, 'Ben downloads', under), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;

it.skipIf(process.platform === 'win32').each(['shared', 'pushed'])('a folder comes whole whose paths are so long that a thousand of them fit no message: %s', async (how) => {
  const [anna, ben] = await Promise.all([nodes.start('Anna'), nodes.start('Ben')]);
  const folder = join(nodes.folder, 'Trip');
  await mkdir(join(folder, long, long), { recursive: true });
  await Promise.all(Array.from({ length: files }, (_, number) => writeFile(join(folder, long, long, long.slice(0, 240) + String(number)), String(number))));
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  const end = done(ben);
  if (how === 'shared') {
    const { id } = await anna.api.call('shares.add', { path: folder, audience: { kind: 'everyone' } });
    await anna.api.call('shares.whenHashed', { id });
    await ben.api.call('transfers.start', { source: { kind: 'path', peer: 'Anna', path: 'Trip' } });
  } else {
    const { id } = await anna.api.call('offers.send', { peer: 'Ben', paths: [folder] });
    await ben.api.call('offers.accept', { id });
  }
  expect(await end).toBe('done');
  expect(await arrived('Trip')).toBe(files);
});
