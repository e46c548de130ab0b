/**
 * How much memory a node needs for devices that are linked and say nothing: one node as `npm start` starts it, and many
 * devices with keys of their own in a few other processes, each linked to it over TLS on loopback. Prints what the node holds
 * before, with all links, and after them, and what it does meanwhile in CPU seconds.
 *
 *   node test/bench/run.mjs idle-links [--links 1000] [--processes 4] [--idle-s 60] [--node-flag=FLAG]…
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { makeIdentity } from '#main/net/identity.ts';
import { createLinks } from '#main/net/links.ts';
import type { Links } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { KiB, second } from '#shared/units.ts';
import { BenchNode, quiet } from './session/bench-node.ts';
import { stopEverything } from './session/processes.ts';

const { values } = parseArgs({
  options: {
    links: { type: 'string', default: '1000' }, processes: { type: 'string', default: '4' }, 'idle-s': { type: 'string', default: '60' },
    'node-flag': { type: 'string', multiple: true, default: [] }, role: { type: 'string', default: 'bench' }, port: { type: 'string', default: '0' },
  },
});
/** A listener lets no more than 8 of one address be in their handshake at once. */
const dialsAtOnce = 8;
const progressSchema = z.object({ linked: z.int(), lost: z.int() });

async function device(number: number, closed: () => void): Promise<Links> {
  const nothing = (): void => undefined;
  return createLinks({
    identity: await makeIdentity(),
    handler: {
      request: (_link, method) => (method === 'shares' ? answered({ names: [], count: 0, bytes: 0 }) : Promise.reject(new AppError('not-found'))),
      notice: nothing, blockWanted: nothing, blockCancelled: nothing, joined: nothing, has: nothing, left: nothing, choked: nothing, closed,
    },
    hello: () => ({ name: `Device ${number}`, version: '0.0.0' }), isBlocked: () => false, now: () => performance.now(), random: Math.random,
  });
}

/** A handler's answer fits its method; only this one is asked for here. */
const answered = (answer: object): Promise<never> => Promise.resolve(z.custom<never>(() => true).parse(answer));

/** On a busy machine a handshake may take longer than it may. */
async function untilLinked(links: Links): Promise<void> {
  for (;;) {
    try {
      await links.dial({ host: '127.0.0.1', port: Number(values.port) }, {});
      return;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
}

/** A process full of devices: links them one after the other and then only answers. */
async function beDevices(): Promise<void> {
  let [linked, lost] = [0, 0];
  const tell = (): void => { process.send?.({ linked, lost }); };
  for (let number = 0; number < Number(values.links); number++) {
    const links = await device(number, () => {
      lost++;
      tell();
    });
    await untilLinked(links);
    linked++;
    if (linked % 10 === 0 || linked === Number(values.links)) tell();
  }
}

interface Held { readonly rss: number; readonly pss: number; readonly heap: number; readonly cpuSeconds: number }

/** What a process holds: resident, its share of what is shared, and what of that is anonymous (proc(5)). */
async function heldBy(pid: number): Promise<Held> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]) * KiB;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { rss: field('Rss'), pss: field('Pss'), heap: field('Pss_Anon'), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
async function report(what: string, pid: number, before: Held | null, links: number): Promise<Held> {
  const held = await heldBy(pid);
  const perLink = before === null || links === 0 ? '' : `; ${((held.rss - before.rss) / KiB / links).toFixed(1)} KiB a link`;
  console.log(`${what}: RSS ${mb(held.rss)} MB, PSS ${mb(held.pss)} MB, anonymous ${mb(held.heap)} MB${perLink}`);
  return held;
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'distrishare-bench-'));
  const children: ChildProcess[] = [];
  try {
    const node = await BenchNode.start(join(folder, 'data'), 'Node', ['--port', '0', ...quiet], { flags: values['node-flag'] });
    const { pid } = node.program;
    await sleep(5 * second);
    const before = await report('no link', pid, null, 0);

    const [total, processes] = [Number(values.links), Math.min(dialsAtOnce, Number(values.processes))];
    const started = performance.now();
    let lost = 0;
    await Promise.all(Array.from({ length: processes }, (_, at) => new Promise<void>((resolve) => {
      const mine = Math.floor(total / processes) + (at < total % processes ? 1 : 0);
      const child = fork(fileURLToPath(import.meta.url), ['--role', 'devices', '--links', String(mine), '--port', String(node.port)]);
      children.push(child);
      let lostHere = 0;
      child.on('message', (message) => {
        const told = progressSchema.parse(message);
        lost += told.lost - lostHere;
        lostHere = told.lost;
        if (told.linked === mine) resolve();
      });
    })));
    console.log(`${total} links in ${((performance.now() - started) / second).toFixed(1)} s`);
    const linked = await report('just linked', pid, before, total);
    console.log(`  ${((linked.cpuSeconds - before.cpuSeconds) / total * 1000).toFixed(2)} ms of CPU for each link`);
    for (let part = 1; part <= 3; part++) {
      await sleep((Number(values['idle-s']) * second) / 3);
      const idle = await report(`idle for ${((Number(values['idle-s']) * part) / 3).toFixed(0)} s`, pid, before, total);
      if (part === 3) console.log(`  ${((100 * (idle.cpuSeconds - linked.cpuSeconds)) / Number(values['idle-s'])).toFixed(2)} % of a core meanwhile; ${lost} links lost`);
    }
    for (const child of children) child.kill();
    await sleep(5 * second);
    await report('all of them gone', pid, before, total);
  } finally {
    for (const child of children) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await stopEverything();
    await rm(folder, { recursive: true, force: true });
  }
}

await (values.role === 'devices' ? beDevices() : bench());
