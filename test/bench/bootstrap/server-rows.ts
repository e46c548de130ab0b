import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { limits } from '#shared/limits.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { startServer, usageOf, type Usage } from './bench-server.ts';
import { percentiles, row } from './figures.ts';
import { LoadNode, reopened } from './load-node.ts';
import { addressesOf, announcedBy, makeContents, Names, roomsOf, seeded } from './population.ts';

const heartbeatMs = 10_000;
/** So long each kind of heartbeat is measured. */
const measuredMs = 30_000;
/** Handshakes under way while nodes come. */
const comingAtOnce = 50;

/** Runs work for each of many, some at a time. */
async function each<Item>(items: readonly Item[], work: (item: Item, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: comingAtOnce }, async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) await work(item, at);
    }
  }));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The real program over loopback: nodes that hold one TLS connection each, and say every ten seconds that they are there. */
export async function serverRows(nodes: number, entries: number, options: readonly string[] = []): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'distrishare-bench-'));
  const first = await startServer(dataDir, ...options);
  try {
    const watcher = await LoadNode.connect(first.port);
    const usage: Usage = () => usageOf(watcher);
    const before = await usage();
    const all: LoadNode[] = [];
    const coming = await timed(() => each(Array.from({ length: nodes }, (_, at) => at), async (number) => {
      const node = await LoadNode.connect(first.port);
      await node.ask('PUT', '/v1/node', { addresses: addressesOf(number), rooms: roomsOf(number) });
      all[number] = node;
    }));
    const come = await usage();
    row(`server: ${nodes} nodes connect over TLS and register`, `${(1000 * (come.cpu - before.cpu) / nodes).toFixed(2)} ms of CPU each, in ${(coming / 1000).toFixed(0)} s`);
    row('server: resident memory for each of their connections', `${Math.round((come.rss - before.rss) / nodes / 1024)} KiB`);
    await beats('HTTPS, keep-alive', all, usage);
    const contents = await announceAll(all, entries, usage);
    await each(all, (node) => node.upgrade());
    await beats('WebSocket', all, usage);
    await questions(all, contents, first.port, usage);
    if (reopened.count > 0) row('connections that the server ended, and that were opened anew', String(reopened.count));
  } finally {
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await startServer(dataDir, ...options);
    const back = await LoadNode.connect(second.port);
    const reading = await timed(async () => {
      while (!(await back.ask('GET', '/v1/health')).includes('"ok"')) await wait(100);
    });
    row('server: after kill -9, from start to answering; to having read all entries', `${second.seconds.toFixed(1)} s; ${(second.seconds + reading / 1000).toFixed(1)} s`);
    second.child.kill('SIGKILL');
    await once(second.child, 'exit');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function beats(what: string, nodes: readonly LoadNode[], usage: Usage, meanwhile?: () => Promise<void>): Promise<void> {
  const times: number[] = [];
  const before = await usage();
  const began = performance.now();
  let next = 0;
  const failures: unknown[] = [];
  const fail = (error: unknown): void => { failures.push(error); };
  const until = meanwhile?.().then(() => 0) ?? wait(measuredMs);
  let over = false;
  void until.then(() => { over = true; }, (error: unknown) => { fail(error); over = true; });
  while (!over) {
    // Evenly over the period.
    const due = Math.floor((performance.now() - began) * nodes.length / heartbeatMs);
    for (; next < due; next++) {
      const node = nodes[next % nodes.length];
      if (node !== undefined) void timed(() => node.beat()).then((ms) => { times.push(ms); }, fail);
    }
    await wait(5);
  }
  await wait(500);
  if (failures.length > 0) throw new Error('a node failed', { cause: failures[0] });
  const after = await usage();
  row(`server: ${nodes.length} nodes, heartbeats over ${what}`, `${(100 * (after.cpu - before.cpu) / ((performance.now() - began) / 1000)).toFixed(1)} % of one core; ${percentiles(times)}`);
}

async function announceAll(all: readonly LoadNode[], entries: number, usage: Usage): Promise<readonly Entry[]> {
  const contents = makeContents(entries);
  const random = seeded(2);
  const perNode = Math.floor(entries / all.length);
  const before = await usage();
  const took = await timed(() => each(all, async (node, number) => {
    const add = announcedBy(contents, number, perNode, random);
    for (let from = 0; from < add.length; from += limits.bootstrap.entriesPerRequest) await node.ask('POST', '/v1/node/entries', { add: add.slice(from, from + limits.bootstrap.entriesPerRequest), revision: 'bench' });
  }));
  const after = await usage();
  row(`server: announcing ${perNode * all.length} entries`, `${(1e6 * (after.cpu - before.cpu) / (perNode * all.length)).toFixed(0)} µs of CPU each, in ${(took / 1000).toFixed(0)} s; ${Math.round((after.rss - before.rss) / (perNode * all.length))} bytes each`);
  return contents;
}

/** By somebody who comes for that, while all the others say that they are there. */
async function questions(all: readonly LoadNode[], contents: readonly Entry[], port: number, usage: Usage): Promise<void> {
  const asking = await LoadNode.connect(port);
  await asking.ask('PUT', '/v1/node', { addresses: [], rooms: roomsOf(0).slice(0, 2) });
  const names = new Names(seeded(3));
  const one = (): string => contents[names.number(contents.length)]?.contentId ?? '';
  const room = roomsOf(0)[1] ?? '';
  const kinds: readonly [string, () => Promise<unknown>][] = [
    ['search for two words', () => asking.ask('POST', '/v1/search', { words: `${names.word()} ${names.word()}` })],
    ['search for one word', () => asking.ask('POST', '/v1/search', { words: names.word() })],
    ['search for the beginning of a word', () => asking.ask('POST', '/v1/search', { words: names.word().slice(0, 3) })],
    ['search for one letter', () => asking.ask('POST', '/v1/search', { words: names.word().slice(0, 1) })],
    ['holders of a content', () => asking.ask('POST', '/v1/holders', { contentIds: [one()] })],
    ['list nodes of a room', () => asking.ask('GET', `/v1/rooms/${room}/nodes`)],
  ];
  await beats('WebSocket, while others search and list', all, usage, async () => {
    for (const [what, ask] of kinds) {
      const times: number[] = [];
      for (let turn = 0; turn < 500; turn++) times.push(await timed(ask));
      row(`server: ${what}, over HTTPS while all nodes beat`, percentiles(times));
    }
  });
}
