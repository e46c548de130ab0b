import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { hour, MiB } from '#shared/units.ts';
import { PatientSource } from './patient-source.ts';

/** Told when something is to be tried again, which then waits until the end of the test. */
const held = vi.hoisted<{ told: (() => void) | null }>(() => ({ told: null }));
/** What cannot be had now is tried again after a moment, not after seconds. */
vi.mock('#main/node/waiting.ts', async (original) => {
  const waiting = await original<typeof import('#main/node/waiting.ts')>();
  const pause = (ms: number, signal: AbortSignal): Promise<void> => {
    held.told?.();
    return waiting.pause(held.told === null ? ms / 30 : 1 * hour, signal);
  };
  return { ...waiting, pause };
});

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

async function nodeHere(): Promise<{ node: RunningNode; film: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'origin-without-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { name: 'Here', port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  return { node, film: join(folder, 'to', 'Folder', 'film') };
}

/** Resolves when the download says that it is so. */
function until(node: RunningNode, isSo: (transfer: Transfer) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = node.api.subscribe((event) => {
      if (event.type !== 'transfer' || !isSo(event.transfer)) return;
      stop();
      resolve();
    });
  });
}
const isDone = ({ state }: Transfer): boolean => state === 'done';
const waitsFor = (code: string) => ({ reason }: Transfer): boolean => reason?.code === code;

const start = (node: RunningNode): Promise<Transfer> => node.api.call('transfers.start', { source: { kind: 'path', peer: 'Patient', path: 'Folder' } });
const connect = (node: RunningNode, { address }: PatientSource) => node.api.call('peers.connect', { address });

describe('a file whose origin is here and has it no more', () => {
  it('comes from another device, also from one that comes later', async () => {
    const origin = await PatientSource.start({ film: 3 * MiB });
    origin.refused.set('film', 'gone');
    origin.forgotten.add('film');
    const { node, film } = await nodeHere();
    await connect(node, origin);
    const stuck = until(node, waitsFor('content-unknown'));
    await start(node);
    await stuck;
    const other = await origin.twin('Other');
    other.giveAll();
    const done = until(node, isDone);
    await connect(node, other);
    await done;
    expect(Buffer.compare(await readFile(film), other.files[0]?.data ?? new Uint8Array())).toBe(0);
  });

  it('comes from another device when the origin goes away before it has said what it has instead', async () => {
    const origin = await PatientSource.start({ film: 3 * MiB });
    origin.refused.set('film', 'changed');
    const other = await origin.twin('Other');
    other.giveAll();
    const { node, film } = await nodeHere();
    await connect(node, origin);
    const changed = until(node, waitsFor('source-changed'));
    await start(node);
    await changed;
    await origin.leave();
    const done = until(node, isDone);
    await connect(node, other);
    await done;
    expect(Buffer.compare(await readFile(film), other.files[0]?.data ?? new Uint8Array())).toBe(0);
  });

  it('is fetched as it is there now when it changed before anything of it was asked for', async () => {
    const origin = await PatientSource.start({ film: 3 * MiB });
    origin.forgotten.add('film');
    origin.giveAll();
    const { node, film } = await nodeHere();
    await connect(node, origin);
    const stuck = until(node, waitsFor('content-unknown'));
    await start(node);
    await stuck;
    const done = until(node, isDone);
    origin.change('film', 2 * MiB);
    origin.forgotten.clear();
    await done;
    expect(Buffer.compare(await readFile(film), origin.files[0]?.data ?? new Uint8Array())).toBe(0);
  });
});

it('a download of which only files are left that nobody has waits for somebody', async () => {
  const origin = await PatientSource.start({ film: 3 * MiB, book: 2 * MiB }, 'film');
  const other = await origin.twin('Other');
  other.lacking.add('film');
  const { node } = await nodeHere();
  await connect(node, origin);
  const { id } = await start(node);
  await origin.untilOpen('film', 'book');
  await origin.leave();
  await connect(node, other);
  await other.untilAsked(1);
  const stuck = until(node, ({ doneFiles, state }) => doneFiles === 1 && state === 'waiting');
  other.giveAll();
  await stuck;
  expect((await node.api.call('transfers.get', { id })).transfer).toMatchObject({ state: 'waiting', reason: { code: 'no-sources' } });
});

it('a download of which only a file is left that waits to be tried again says so, and which file', async () => {
  const origin = await PatientSource.start({ film: 3 * MiB, book: 2 * MiB }, 'film');
  origin.refused.set('film', 'changed');
  const { node } = await nodeHere();
  await connect(node, origin);
  const toldOf = new Promise<void>((resolve) => { held.told = resolve; });
  toClose.push(() => Promise.resolve(held.told = null));
  const { id } = await start(node);
  await toldOf;
  expect((await node.api.call('transfers.get', { id })).transfer).toMatchObject({ doneFiles: 0, reason: null });
  const waits = until(node, ({ state }) => state === 'waiting');
  origin.giveAll();
  await waits;
  expect((await node.api.call('transfers.get', { id })).transfer).toMatchObject({ doneFiles: 1, reason: { code: 'source-changed', params: { name: 'film' } } });
});
