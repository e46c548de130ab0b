/**
 * The library with 100,000 small files: time to list, to hash, to look through again after a restart, to search and to
 * browse, with the delay of the event loop meanwhile and the memory. Run with `node test/bench/run.mjs library [FILES]`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createHasher } from '#main/disk/hash/hasher.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import { createLibrary, type LibraryService } from '#main/node/library/library.ts';
import type { Viewer } from '#main/node/ports/library.ts';

const files = Number(process.argv[2] ?? 100_000);
const perFolder = 500;
const base = mkdtempSync(join(tmpdir(), 'distrishare-bench-'));
const self: Viewer = { kind: 'self' };
const words = ['beach', 'Mountain', 'report', 'Invoice', 'café', 'meeting', 'sunset', 'family', 'Übung', 'holiday', 'draft', 'final'];

function makeFiles(): void {
  for (let folder = 0; folder * perFolder < files; folder++) {
    const path = join(base, 'share', `${words[folder % words.length] ?? ''} ${2000 + (folder % 25)}`, `set ${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < perFolder; file++) {
      const number = folder * perFolder + file;
      writeFileSync(join(path, `${words[(number * 7) % words.length] ?? ''} IMG_${number}.jpg`), `${number}`);
    }
  }
}

/** Resident memory without pages of files, which the system takes back at will. */
const memory = (): string => {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const own = /RssAnon:\s+(\d+) kB/.exec(status)?.[1];
  return `${Math.round(process.memoryUsage().rss / 1e6)} MB RSS${own === undefined ? '' : `, ${Math.round(Number(own) / 1e3)} MB its own`}`;
};

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const took = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  console.log(`${what.padEnd(44)} ${took.toFixed(2).padStart(6)} s   CPU ${((user + system) / 1e6).toFixed(1)} s   loop delay 99 % ${(delay.percentile(99) / 1e6 - 5).toFixed(1)} ms, most ${(delay.max / 1e6 - 5).toFixed(0)} ms   ${memory()}`);
}

async function searches(library: LibraryService): Promise<void> {
  for (const query of ['IMG 4711', 'sunset', 'img', 'beach 2003 sunset', 'cafe set 99', 'i', 'nothingatall', 'report img jpg']) {
    const times: number[] = [];
    let hits = 0;
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      hits = (await library.search(self, query, { type: 'any' })).hits.length;
      times.push(performance.now() - start);
    }
    console.log(`search ${JSON.stringify(query).padEnd(24)} ${String(hits).padStart(4)} hits   median ${(times.sort((one, other) => one - other)[2] ?? NaN).toFixed(1).padStart(6)} ms`);
  }
}

async function main(): Promise<void> {
  console.log(`${files} files, ${memory()}`);
  makeFiles();
  const hasher = createHasher();
  const open = async (): Promise<{ library: LibraryService; close: () => Promise<void> }> => {
    const { store } = await openStore(join(base, 'data', 'store'));
    const library = await createLibrary({ store, hasher, now: Date.now, random: Math.random, onError: console.error });
    return { library, close: async () => { await library.close(); await store.close(); } };
  };
  const first = await open();
  const { id } = await first.library.add(join(base, 'share'), { kind: 'everyone' });
  await first.library.pauseHashing(id, true);
  await timed('scan: everything listed', () => first.library.settled());
  await first.library.pauseHashing(id, false);
  await timed('hash: everything hashed, folder ids known', () => first.library.whenHashed(id, AbortSignal.timeout(600_000)));
  await timed('scan again, nothing changed', async () => { await first.library.rescan(id); await first.library.settled(); });
  await first.close();
  const second = await open();
  await timed('restart, nothing changed', () => second.library.settled());
  await searches(second.library);
  await timed('walk of everything, 1,000 a page', async () => {
    for (let cursor: string | undefined; ;) {
      const page = await second.library.walk(self, 'share', cursor, 1000);
      if (page.next === null) return;
      cursor = page.next;
    }
  });
  await timed('remove the share', () => second.library.remove(id));
  await second.close();
  await hasher.close();
  rmSync(base, { recursive: true });
}

void main();
