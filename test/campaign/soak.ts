import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AppError } from '#shared/errors.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { MiB } from '#shared/units.ts';
import { Stage, type ServedNode } from '../e2e/programs.ts';
import { sha256Of, snapshot, writeRandom } from '../e2e/trees.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { CutProxy } from './cut-proxy.ts';
import { judge, ProcessSampler, type Sample } from './process-samples.ts';

/**
 * Real nodes for minutes or hours: a sender and a receiver that live throughout and are watched, and a third one that is
 * killed, stopped and started again. Downloads are paused, links cut, limits changed, and a disk runs full. Ends with an
 * error when a result differs, a download does not come to its end, or what the watched processes hold grows.
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } });
const seed = Number(values.seed);
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const sampleEveryMs = 5000;
/** A download that takes longer than this has got stuck: the slowest here needs about a minute on a busy machine. */
const stuckAfterMs = 10 * 60_000;

const quiet = ['--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'];
const counts = { downloads: 0, folders: 0, pauses: 0, cuts: 0, limits: 0, kills: 0, stalls: 0, fullDisks: 0 };
const stage = new Stage();
const waits = new Set<string>(['peer-offline', 'link-closed', 'timeout']);
let hasFailed = false;
const isOver = (): boolean => hasFailed || performance.now() >= endsAt;

async function until(node: () => ServedNode, id: Transfer['id'], fits: (transfer: Transfer) => boolean): Promise<Transfer> {
  const from = performance.now();
  for (;;) {
    const { transfer } = await node().call('transfers.get', { id });
    if (fits(transfer)) return transfer;
    if (performance.now() - from > stuckAfterMs) throw new Error(`stuck: ${JSON.stringify(transfer)}`);
    await sleep(250);
  }
}

const isDone = (transfer: Transfer): boolean => transfer.state === 'done';

interface World {
  readonly sender: ServedNode;
  readonly proxy: CutProxy;
  /** Hash of each thing that is shared, and of a folder the hashes of all in it. */
  readonly wanted: ReadonlyMap<string, string>;
}

async function fingerprint(path: string, isFolder: boolean): Promise<string> {
  return isFolder ? JSON.stringify([...(await snapshot(path))].sort()) : sha256Of(path);
}

async function begin(): Promise<World> {
  const sender = await stage.serve(['--name', 'Sender', ...quiet]);
  const source = await stage.folder();
  const wanted = new Map<string, string>();
  for (const [name, bytes] of [['one.bin', 24 * MiB + 5], ['two.bin', 40 * MiB]] as const) {
    await writeRandom(join(source, name), bytes);
    wanted.set(name, await fingerprint(join(source, name), false));
  }
  const many = join(source, 'many');
  for (let at = 0; at < 400; at++) {
    await mkdir(join(many, `folder ${at % 9}`), { recursive: true });
    await writeRandom(join(many, `folder ${at % 9}`, `${at}.txt`), 50 + at * 37);
  }
  wanted.set('many', await fingerprint(many, true));
  for (const name of wanted.keys()) await sender.must('share', join(source, name), '--audience', 'everyone', '--wait');
  return { sender, proxy: await CutProxy.to(sender.ready.port), wanted };
}

/** Asks for something until the sender can be reached: its link may have been cut just now. */
async function start(node: ServedNode, name: string, to: string): Promise<Transfer['id']> {
  for (const from = performance.now(); ; await sleep(250)) {
    try {
      return (await node.call('transfers.start', { source: { kind: 'path', peer: 'Sender', path: name }, to })).id;
    } catch (error) {
      const isAway = error instanceof AppError && waits.has(error.code);
      if (!isAway || performance.now() - from > stuckAfterMs) throw error;
    }
  }
}

async function check(world: World, name: string, to: string): Promise<void> {
  if ((await fingerprint(join(to, name), name === 'many')) !== world.wanted.get(name)) throw new Error(`${name} differs in ${to}`);
  await rm(join(to, name), { recursive: true });
}

/** The receiver that is watched: downloads one after the other, disturbed but never ended. */
async function liveThrough(world: World, node: ServedNode, random: () => number): Promise<void> {
  const to = await stage.folder();
  const names = [...world.wanted.keys()];
  const limit = (): string => (random() < 0.3 ? 'off' : String(Math.floor((4 + random() * 30) * MiB)));
  while (!isOver()) {
    const name = names[Math.floor(random() * names.length)] ?? 'one.bin';
    const id = await start(node, name, to);
    for (let disturbances = Math.floor(random() * 4); disturbances > 0; disturbances--) {
      await sleep(random() * 700);
      const kind = random();
      if (kind < 0.35) {
        await node.call('transfers.pause', { id }).catch(() => undefined);
        await sleep(random() * 500);
        await node.call('transfers.resume', { id }).catch(() => undefined);
        counts.pauses++;
      } else if (kind < 0.7) {
        world.proxy.cut();
        counts.cuts++;
      } else {
        await world.sender.must('settings', 'uploadLimit', limit());
        await node.must('settings', 'downloadLimit', limit());
        counts.limits++;
      }
    }
    await until(() => node, id, isDone);
    await check(world, name, to);
    await node.call('transfers.forget', { id });
    if (name === 'many') counts.folders++;
    else counts.downloads++;
  }
}

/** The receiver that is not spared: killed, made to stall, its disk filled. */
async function liveDangerously(world: World, random: () => number): Promise<void> {
  const dataDir = await stage.folder();
  const mayMount = process.getuid?.() === 0;
  if (!mayMount) console.log('a full disk is left out: mounting a small one needs root');
  const open = async (): Promise<ServedNode> => {
    const node = await stage.serve(['--name', 'Unlucky', ...quiet], undefined, dataDir);
    await node.must('connect', `127.0.0.1:${world.sender.ready.port}`);
    return node;
  };
  let node = await open();
  for (let round = 0; !isOver(); round++) {
    const to = await stage.folder();
    const fills = mayMount && round % 3 === 2;
    if (fills) mount(to, 84, false);
    try {
      const id = await start(node, 'two.bin', to);
      if (fills) {
        await until(() => node, id, (transfer) => transfer.reason?.code === 'disk-full' || isDone(transfer));
        mount(to, 200, true);
        counts.fullDisks++;
      }
      for (let kills = Math.floor(random() * 4); kills > 0; kills--) {
        await sleep(random() * 1500);
        if (random() < 0.3) {
          process.kill(node.pid, 'SIGSTOP');
          await sleep(random() * 4000);
          process.kill(node.pid, 'SIGCONT');
          counts.stalls++;
          continue;
        }
        await node.kill('SIGKILL');
        counts.kills++;
        node = await open();
      }
      await until(() => node, id, isDone);
      await check(world, 'two.bin', to);
      counts.downloads++;
    } finally {
      if (fills) spawnSync('umount', ['-l', to]);
    }
  }
}

function mount(folder: string, mebibytes: number, again: boolean): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `${again ? 'remount,' : ''}size=${mebibytes}m`, 'soak', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

async function watch(sampler: ProcessSampler, pid: number, into: Sample[], from: number): Promise<void> {
  for (; !isOver(); await sleep(sampleEveryMs)) into.push(await sampler.sample(pid, performance.now() - from));
}

async function main(): Promise<void> {
  console.log(`soak: ${values.minutes} minutes, seed ${seed}`);
  const from = performance.now();
  const sampler = await ProcessSampler.prepare(await stage.folder());
  const world = await begin();
  const receiver = await stage.serve(['--name', 'Receiver', ...quiet]);
  await receiver.must('connect', `127.0.0.1:${world.proxy.port}`);
  const samples: Record<string, Sample[]> = { sender: [], receiver: [] };
  const news = setInterval(() => {
    const held = Object.entries(samples).map(([name, taken]) => `${name} ${((taken.at(-1)?.rssBytes ?? 0) / MiB).toFixed(0)} MiB`);
    console.log(`${((performance.now() - from) / 60_000).toFixed(1)} min: ${held.join(', ')}; ${JSON.stringify(counts)}`);
  }, 60_000);
  try {
    const results = await Promise.allSettled([
      liveThrough(world, receiver, seeded(seed)),
      liveDangerously(world, seeded(seed + 1)),
      watch(sampler, world.sender.pid, samples['sender'] ?? [], from),
      watch(sampler, receiver.pid, samples['receiver'] ?? [], from),
    ].map((work) => work.catch((error: unknown) => {
      // The others stop, and what went wrong first is told first.
      hasFailed = true;
      console.error(error);
      throw error;
    })));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    clearInterval(news);
    world.proxy.close();
    await stage.close();
  }
  console.log(JSON.stringify(counts));
  const verdicts = Object.entries(samples).map(([name, all]) => judge(name, all));
  for (const { line } of verdicts) console.log(line);
  const grew = verdicts.flatMap((verdict) => verdict.grew);
  if (grew.length > 0) throw new Error(`grew: ${grew.join(', ')}`);
  console.log('all results identical, nothing grew');
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(`repeat: npm run campaign:soak -- --minutes ${values.minutes} --seed ${seed}`);
  console.error(error);
  process.exit(1);
});
