import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { KiB, MiB, type Bytes } from '#shared/units.ts';
import { PatientSource } from './patient-source.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeHere(): Promise<{ node: RunningNode; to: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'half-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const to = join(folder, 'to');
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: to } });
  toClose.push(() => node.close());
  return { node, to };
}

/** Resolves when the download is in this state. */
function until(node: RunningNode, id: Transfer['id'], state: Transfer['state']): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const look = (transfer: Transfer): void => {
      if (transfer.id !== id || transfer.state !== state) return;
      stop();
      resolve(transfer);
    };
    const stop = node.api.subscribe((event) => { if (event.type === 'transfer') look(event.transfer); });
    node.api.call('transfers.get', { id }).then(({ transfer }) => { look(transfer); }, reject);
  });
}

/** Passes one connection on to a port and breaks it when so many bytes have come from there. */
async function lineThatBreaks(port: number, afterBytes: Bytes): Promise<string> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    let left = afterBytes;
    from.pipe(to);
    to.on('data', (chunk: Buffer) => {
      from.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) to.destroy();
    });
    to.on('close', () => { from.end(); });
    for (const socket of [from, to]) socket.on('error', () => { socket.destroy(); });
    server.close();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === 'object' ? `127.0.0.1:${address.port}` : expect.fail('it does not listen');
}

async function expectWhole(to: string, { files }: PatientSource): Promise<void> {
  for (const { name, data } of files) expect(Buffer.compare(await readFile(join(to, 'Folder', name)), data), name).toBe(0);
}

const folder = { kind: 'path', peer: 'Patient', path: 'Folder' } as const;

it('a source that never stays for a whole piece gives the file all the same, and hardly a byte twice', async () => {
  const source = await PatientSource.start({ film: MiB });
  source.giveAll();
  const { node, to } = await nodeHere();
  const connectFor = async (bytes: Bytes): Promise<void> => { await node.api.call('peers.connect', { address: await lineThatBreaks(source.port, bytes) }); };
  await connectFor(320 * KiB);
  const { id } = await node.api.call('transfers.start', { source: folder });
  for (let cuts = 1; cuts < 3; cuts++) {
    await until(node, id, 'waiting');
    await connectFor(320 * KiB);
  }
  await until(node, id, 'waiting');
  // With it the file must be complete: nothing more comes. Each line carries some greetings too, and may break within a leaf.
  await connectFor(176 * KiB);
  await until(node, id, 'done');
  await expectWhole(to, source);
});

it('a block that broke off in the middle is gone on with by another device, from a whole leaf on', async () => {
  const source = await PatientSource.start({ film: MiB });
  const twin = await source.twin('Twin');
  const { node, to } = await nodeHere();
  await node.api.call('peers.connect', { address: await lineThatBreaks(source.port, 48 * KiB) });
  const { id } = await node.api.call('transfers.start', { source: folder });
  source.giveAll();
  await until(node, id, 'waiting');
  expect(source.requests[0]).toMatchObject({ begin: 0, length: MiB });
  twin.giveAll();
  await node.api.call('peers.connect', { address: twin.address });
  await until(node, id, 'done');
  const begins = twin.requests.map(({ begin }) => begin);
  expect([16 * KiB, 32 * KiB]).toContain(begins[0]);
  expect(begins).toEqual(begins.toSorted((a, b) => a - b));
  await expectWhole(to, source);
});

it('who gave a wrong part of a piece is found out when another device has given all of it, and that one is not blamed', async () => {
  const source = await PatientSource.start({ film: 2 * MiB });
  const twin = await source.twin('Twin');
  source.wrong.add('film');
  const { node, to } = await nodeHere();
  source.giveAll();
  await node.api.call('peers.connect', { address: await lineThatBreaks(source.port, 192 * KiB) });
  const { id } = await node.api.call('transfers.start', { source: folder });
  await until(node, id, 'waiting');
  twin.giveAll();
  await node.api.call('peers.connect', { address: twin.address });
  await until(node, id, 'done');
  await expectWhole(to, source);
  const ofFirst = twin.requests.filter(({ piece }) => piece === 0).map(({ begin }) => begin);
  expect(ofFirst[0]).toBeGreaterThan(0);
  expect(ofFirst.filter((begin) => begin === 0)).toHaveLength(1);
  expect(await node.api.call('peers.connect', { address: source.address })).toMatchObject({ badPieces: { count: 1, banned: false, latest: [{ file: 'Folder/film', piece: 0 }] } });
  expect((await node.api.call('peers.connect', { address: twin.address })).badPieces).toBeUndefined();
});
