import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode } from '#main/node/node.ts';
import { MiB } from '#shared/units.ts';
import { startNode as startTestNode } from '../../net/test-nodes.ts';
import { PatientSource } from './patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

it('a file that its origin has no more comes from a device that takes its time to say that it has it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'other-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const origin = await PatientSource.start({ film: 3 * MiB });
  const [film] = origin.files;
  if (film === undefined) expect.fail('no file');
  origin.refused.set('film', 'gone');
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());

  const other = await startTestNode('Other');
  other.handler.answer = async (method) => {
    if (method === 'shares') return { names: [], count: 0, bytes: 0 };
    if (method !== 'have') throw new Error('not asked for here');
    // By then the origin's no has come: it was said before, and this many answers of the node came after it.
    await origin.untilAsked(1);
    for (let turn = 0; turn < 50; turn++) await node.api.call('transfers.list', {});
    return { have: 'f' };
  };
  other.handler.wanted = (link, lane, { requestId, piece, begin, length }) => {
    const at = piece * MiB + begin;
    link.sendBlock(lane, requestId, new Uint8Array(film.data.subarray(at, at + length)), null).catch(() => undefined);
  };
  await node.api.call('peers.connect', { address: origin.address });
  await node.api.call('peers.connect', { address: `127.0.0.1:${other.port}` });
  const done = new Promise<void>((resolve, reject) => {
    node.api.subscribe((event) => {
      if (event.type !== 'transfer') return;
      if (event.transfer.reason?.code === 'source-changed') reject(new Error('given up before the other device had answered'));
      if (event.transfer.state === 'done') resolve();
    });
  });
  await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
  await done;
  expect(Buffer.compare(await readFile(join(folder, 'to', 'Folder', 'film')), film.data)).toBe(0);
});
