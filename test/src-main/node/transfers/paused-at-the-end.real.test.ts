import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startNode } from '#main/node/node.ts';
import type { TransferId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { PatientSource } from './patient-source.ts';

/** Told when the disk is about to give a file its name. */
const disk = vi.hoisted<{ finishes: () => void }>(() => ({ finishes: () => undefined }));
vi.mock('#main/disk/receive/receiver.ts', async (original) => {
  const real = await original<typeof import('#main/disk/receive/receiver.ts')>();
  return {
    ...real,
    createReceiver: (...options: Parameters<typeof real.createReceiver>) => {
      const receiver = real.createReceiver(...options);
      const finish = (handle: number) => {
        disk.finishes();
        return receiver.finish(handle);
      };
      return { ...receiver, finish };
    },
  };
});

it('a download that is paused while its file gets its name is done', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'paused-at-the-end-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const source = await PatientSource.start({ film: 3 * MiB });
  source.giveAll();
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  onTestFinished(() => node.close());
  await node.api.call('peers.connect', { address: source.address });
  let id: TransferId | null = null;
  const paused = new Promise<Transfer>((resolve, reject) => {
    disk.finishes = () => { if (id !== null) node.api.call('transfers.pause', { id }).then(resolve, reject); };
  });
  ({ id } = await node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } }));
  expect(await paused).toMatchObject({ state: 'done', doneFiles: 1, doneBytes: 3 * MiB });
  expect(Buffer.compare(await readFile(join(folder, 'to', 'Folder', 'film')), source.files[0]?.data ?? new Uint8Array())).toBe(0);
});
