/**
 * What a node costs somebody who has used it for years: a data folder is made (downloads in all states, devices that are away or blocked,
 * answered pushes), the program is started on it, shares are added, and its start, memory, idling, answers and stop are measured: CPU seconds and time.
 *
 *   node test/bench/run.mjs many [--done 4000] [--failed 300] [--paused 200] [--waiting 1000] [--devices 200] [--blocked 500] [--offers 10000] [--shares 300] [--idle-s 20]
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStore } from '#main/disk/store/open-store.ts';
import type { Store } from '#main/disk/store/store.ts';
import { offersTable } from '#main/node/offers/offer-records.ts';
import { devicesTable } from '#main/node/peers/device-records.ts';
import { ListedFiles } from '#main/node/transfers/listing/listed-files.ts';
import { downloadsTable, type DownloadRecord } from '#main/node/transfers/records.ts';
import { contentIdSchema, offerIdSchema, transferIdSchema } from '#shared/model/ids.ts';
import { deviceIdOf, type ShareId } from '#shared/ids.ts';
import { day, KiB, MiB, second } from '#shared/units.ts';
import { BenchNode, quiet } from './session/bench-node.ts';
import { stopEverything } from './session/processes.ts';

const { values } = parseArgs({
  options: {
    done: { type: 'string', default: '4000' }, failed: { type: 'string', default: '300' }, paused: { type: 'string', default: '200' }, waiting: { type: 'string', default: '1000' },
    devices: { type: 'string', default: '200' }, blocked: { type: 'string', default: '500' }, offers: { type: 'string', default: '10000' }, shares: { type: 'string', default: '300' },
    'idle-s': { type: 'string', default: '20' },
  },
});
const count = (name: 'done' | 'failed' | 'paused' | 'waiting' | 'devices' | 'blocked' | 'offers' | 'shares'): number => Number(values[name]);

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const hexOf = (text: string, digits: number): string => hashOf(text).toString('hex').slice(0, digits);
const deviceAt = (number: number): ReturnType<typeof deviceIdOf> => deviceIdOf(hashOf(`device ${number}`));
const longName = (what: string, number: number): string => `${what} ${number} — ${'a rather long name that somebody gave it in a hurry '.repeat(number % 3)}`.trim();

async function seedDownloads(store: Store, base: string, now: number): Promise<void> {
  const states = (['done', 'failed', 'paused', 'waiting'] as const).flatMap((state) => Array.from<typeof state>({ length: count(state) }).fill(state));
  for (const [at, state] of states.entries()) {
    const id = transferIdSchema.parse(hexOf(`transfer ${at}`, 16));
    const name = `${longName('file', at)}.bin`;
    const contentId = contentIdSchema.parse(hexOf(name, 64));
    const bytes = MiB + at;
    const addedAt = now - (states.length - at) * (day / 20);
    const done = state === 'done';
    const record: DownloadRecord = {
      id, number: at + 1, source: { kind: 'path', peer: deviceAt(at % count('devices')), path: `Share/${name}` }, kind: 'file', name, bundle: false, offered: null, base, mountPoint: null,
      state: state === 'waiting' ? 'active' : state, reason: state === 'failed' ? { code: 'listing-too-long', params: { name } } : null, priority: 'normal', inOrder: false, ranked: false, contentId, audience: null, audienceBy: null,
      listed: true, listCursor: null, files: 1, bytes, listedEntries: 1, listedBytes: 100, foldersLeft: [], doneFiles: done ? 1 : 0, doneBytes: done ? bytes : 0, reusedBytes: 0, partialBytes: 0, failedFiles: 0,
      path: done ? join(base, name) : null, addedAt, finishedAt: state === 'done' || state === 'failed' ? addedAt + second : null,
    };
    await store.put(downloadsTable, id, record);
    await new ListedFiles(store, id).list(0, [{ remotePath: '', path: [name], mapped: false, bytes, modifiedAt: addedAt, executable: false, contentId, selected: true, priority: 'normal', partialBytes: 0, state: 'waiting' }]);
  }
}

async function seedPeople(store: Store, now: number): Promise<void> {
  const known = count('devices');
  for (let at = 0; at < known + count('blocked'); at++) {
    const id = deviceAt(at);
    await store.put(devicesTable, id, { id, name: longName('Device', at).slice(0, 40), platform: 'linux', version: '0.1.0', trust: at >= known ? 'blocked' : at % 2 === 0 ? 'paired' : 'seen', autoAccept: false, lastSeen: now - at * (day / 10) });
  }
  for (let at = 0; at < count('offers'); at++) {
    const id = offerIdSchema.parse(hexOf(`offer ${at}`, 32));
    const text = at % 2 === 0 ? `text ${at} `.repeat(20) : null;
    await store.put(offersTable, id, {
      offer: {
        id, direction: at % 3 === 0 ? 'out' : 'in', peer: deviceAt(at % known), state: 'done', reason: null, text, count: text === null ? 3 : 0, bytes: 3 * KiB, doneBytes: 3 * KiB, transfers: [], at: now - at * (day / 30),
        items: text === null ? [1, 2, 3].map((number) => ({ name: longName('item', number), kind: 'file' as const, bytes: KiB, files: 1 })) : [],
      },
      sources: [],
    });
  }
}

/** Resident bytes and CPU seconds so far (proc(5)). */
async function heldBy(pid: number): Promise<{ readonly rss: number; readonly cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * KiB, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
const say = (what: string, ...figures: string[]): void => { console.log(`${what.padEnd(28)} ${figures.join(', ')}`); };
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const sizeOf = (answer: unknown): string => `${(JSON.stringify(answer).length / 1e3).toFixed(0)} kB`;

async function seed(folder: string): Promise<void> {
  const data = join(folder, 'data');
  const base = join(folder, 'downloads');
  await mkdir(base, { recursive: true });
  const { store } = await openStore(join(data, 'store'));
  const now = Date.now();
  await seedDownloads(store, base, now);
  await seedPeople(store, now);
  await store.close();
}

/** One call, or many: what it costs the node, and how long it takes. */
async function measured<Result>(node: BenchNode, what: string, work: () => Promise<Result>): Promise<Result> {
  const [started, before] = [performance.now(), await heldBy(node.program.pid)];
  const result = await work();
  const after = await heldBy(node.program.pid);
  say(what, `CPU ${(after.cpuSeconds - before.cpuSeconds).toFixed(2)} s`, `${(performance.now() - started).toFixed(0)} ms`, sizeOf(result));
  return result;
}

async function start(data: string, what: string): Promise<BenchNode> {
  const before = Date.now();
  const node = await BenchNode.start(data, 'Heavy', ['--port', '0', ...quiet]);
  const { rss, cpuSeconds } = await heldBy(node.program.pid);
  say(what, `CPU ${cpuSeconds.toFixed(2)} s`, `${node.readyAt - before} ms`, mb(rss));
  return node;
}

async function pagesOf({ api }: BenchNode): Promise<number> {
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages++) cursor = (await api.call('transfers.list', { finished: true, limit: 200, ...(cursor === undefined ? {} : { cursor }) })).next;
  return pages;
}

async function share({ api }: BenchNode, folder: string): Promise<number> {
  const ids: ShareId[] = [];
  for (let at = 0; at < count('shares'); at++) {
    const path = join(folder, longName('Share', at));
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'one.txt'), `one ${at}`);
    const { id } = await api.call('shares.add', { path, audience: { kind: 'everyone' } });
    ids.push(id);
  }
  for (const id of ids) await api.call('shares.whenHashed', { id });
  return ids.length;
}

async function idle({ api, program: { pid } }: BenchNode): Promise<void> {
  const seconds = Number(values['idle-s']);
  const before = await heldBy(pid);
  await sleep(seconds * second);
  const unheard = await heldBy(pid);
  let heard = 0;
  const stop = api.subscribe((event) => { heard += JSON.stringify(event).length; });
  await sleep(seconds * second);
  const after = await heldBy(pid);
  stop();
  const part = (from: number, to: number): string => `${((100 * (to - from)) / seconds).toFixed(1)} % of a core`;
  say('idle, nobody listens', part(before.cpuSeconds, unheard.cpuSeconds), mb(unheard.rss));
  say('idle, one face listens', part(unheard.cpuSeconds, after.cpuSeconds), mb(after.rss), `${(heard / seconds).toFixed(0)} bytes/s`);
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'distrishare-many-'));
  try {
    await seed(folder);
    const data = join(folder, 'data');
    const node = await start(data, 'ready');
    const { api } = node;
    await measured(node, 'transfers.list, all pages', () => pagesOf(node));
    await measured(node, 'offers.list', () => api.call('offers.list', {}));
    await measured(node, 'peers.list', () => api.call('peers.list', {}));
    await measured(node, 'shares.add, all', () => share(node, join(folder, 'shares')));
    await measured(node, 'shares.list', () => api.call('shares.list', {}));
    await idle(node);
    await measured(node, 'transfers.pauseAll', () => api.call('transfers.pauseAll', { paused: true }));
    await measured(node, 'transfers.pauseAll, off', () => api.call('transfers.pauseAll', { paused: false }));
    await measured(node, 'transfers.retry, all failed', () => api.call('transfers.retry', {}));
    let told = 0;
    api.subscribe(() => { told++; });
    await measured(node, 'transfers.forget, all', () => api.call('transfers.forget', {}));
    say('events of that', `${told}`);
    const stopping = performance.now();
    node.program.child.kill('SIGTERM');
    await node.program.ended();
    say('stop', `${(performance.now() - stopping).toFixed(0)} ms`);
    await start(data, 'ready again');
  } finally {
    await stopEverything();
    await rm(folder, { recursive: true, force: true });
  }
}

await bench();
