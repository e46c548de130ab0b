/** DistriShare's own runs, one function for each row: real programs with fresh data directories, the result compared byte for byte. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KiB } from '#shared/units.ts';
import { DiscoveryProcess } from '../../net/discovery-process.ts';
import { NamespaceNetwork } from '../../net/namespaces.ts';
import type { BenchNode } from './bench-node.ts';
import { endedChildrenCpuSeconds, machineCpuSeconds, Program } from './processes.ts';
import type { RunResult } from './run-result.ts';
import { mustBeSame, settle } from './sources.ts';
import { startCounting, type Stage } from './stage.ts';

/** What a run is given: where it happens, and the file or folder that is moved. */
export interface OwnRun {
  readonly stage: Stage;
  readonly source: string;
  /** Payload bytes of the source. */
  readonly bytes: number;
}

async function pair(stage: Stage, source: string): Promise<{ sender: BenchNode; receiver: BenchNode; receiverData: string }> {
  const receiverData = await stage.folder();
  const [sender, receiver] = await Promise.all([stage.node('Sender'), stage.node('Receiver', receiverData)]);
  await receiver.connect(sender);
  await sender.share(source);
  return { sender, receiver, receiverData };
}

/** Seconds from `get` on linked nodes to the last byte durable. */
export async function transferOnce({ stage, source, bytes }: OwnRun): Promise<RunResult> {
  const { sender, receiver } = await pair(stage, source);
  const to = await stage.folder();
  await settle(to, bytes);
  const used = startCounting([sender], [receiver]);
  const startedAt = Date.now();
  const { done } = await receiver.get({ kind: 'path', peer: 'Sender', path: basename(source) }, to);
  const { finishedAt } = await done;
  const result = { seconds: ((finishedAt ?? Date.now()) - startedAt) / 1000, ...used(), extra: {} };
  await mustBeSame(source, join(to, basename(source)));
  return result;
}

/** One seed, `leechers` that are linked with everybody and all start at once; seconds until the last is done. */
export async function swarmOnce({ stage, source, bytes }: OwnRun, leechers: number, seedLimit: number | null): Promise<RunResult> {
  const seed = await stage.node('Seed');
  const others: BenchNode[] = [];
  for (let number = 1; number <= leechers; number++) others.push(await stage.node(`Leecher ${number}`));
  for (const [index, node] of others.entries()) for (const earlier of [seed, ...others.slice(0, index)]) await node.connect(earlier);
  await seed.share(source);
  if (seedLimit !== null) await seed.api.call('settings.set', { patch: { uploadLimit: seedLimit } });
  const base = await stage.folder();
  const folders = await Promise.all(others.map(async (_, index) => { const to = join(base, String(index)); await mkdir(to); return to; }));
  await settle(base, bytes * leechers);
  const used = startCounting([seed], others);
  const startedAt = Date.now();
  const downloads = await Promise.all(others.map((node, index) => node.get({ kind: 'path', peer: 'Seed', path: basename(source) }, folders[index] ?? base)));
  const ends = (await Promise.all(downloads.map(({ done }) => done))).map(({ finishedAt }) => ((finishedAt ?? Date.now()) - startedAt) / 1000);
  const usage = used();
  const copies = (await seed.uploadedBytes()) / bytes;
  for (const to of folders) await mustBeSame(source, join(to, basename(source)));
  return { seconds: Math.max(...ends), ...usage, extra: { copies, first: Math.min(...ends) } };
}

/** More than what two nodes say to each other before the first block of a file. */
const talkBytes = 256 * KiB;

/** Resolves when the program has written `bytes` more than `since`; gives the time. */
async function whenWritten({ program }: BenchNode, since: number, bytes: number): Promise<number> {
  while ((program.writtenBytes() ?? 0) < since + bytes) {
    if (program.child.exitCode !== null || program.child.signalCode !== null) throw new Error('the sender ended');
    await sleep(2);
  }
  return Date.now();
}

/**
 * The receiver is killed with SIGKILL at half of the file and started again; seconds from the start of the new process to
 * the first new payload byte. What the sender's process writes tells the moment.
 */
export async function resumeOnce({ stage, source, bytes }: OwnRun): Promise<RunResult> {
  const { sender, receiver, receiverData } = await pair(stage, source);
  const to = await stage.folder();
  await settle(to, bytes);
  const before = sender.program.writtenBytes();
  if (before === null) throw new Error('needs /proc');
  const { id } = await receiver.get({ kind: 'path', peer: 'Sender', path: basename(source) }, to);
  await whenWritten(sender, before, bytes / 2);
  await receiver.program.kill();
  await sleep(1_000);
  const uploadedAtKill = await sender.uploadedBytes();
  const atKill = sender.program.writtenBytes() ?? 0;
  const used = startCounting([sender], []);
  const startedAt = Date.now();
  const firstAt = whenWritten(sender, atKill, talkBytes);
  firstAt.catch(() => undefined);
  const again = await stage.node('Receiver', receiverData);
  await again.connect(sender);
  const { finishedAt } = await again.whenDone(id);
  const usage = used();
  const uploaded = await sender.uploadedBytes();
  await mustBeSame(source, join(to, basename(source)));
  return {
    seconds: ((await firstAt) - startedAt) / 1000, ...usage, receiverCpu: again.program.cpuSeconds(), receiverMemory: again.program.peakMemory(),
    extra: { again: (uploaded - bytes) / 1e6, ready: (again.readyAt - startedAt) / 1000, afterReady: ((await firstAt) - again.readyAt) / 1000, done: ((finishedAt ?? Date.now()) - startedAt) / 1000, atKill: uploadedAtKill / 1e6 },
  };
}

const cli = join(import.meta.dirname, 'cli.mjs');

/** `distrishare hash FILE` from the start of the program to its end. */
export async function hashOnce({ stage, source }: OwnRun): Promise<RunResult> {
  await settle(await stage.folder(), 0, source);
  const [cpuBefore, machineBefore] = [endedChildrenCpuSeconds(), machineCpuSeconds()];
  const started = performance.now();
  const program = new Program(process.execPath, [cli, '--json', 'hash', source], { stdio: ['ignore', 'ignore', 'inherit'] });
  stage.onClose(() => program.stop());
  let memory: number | null = null;
  const look = setInterval(() => { memory = Math.max(memory ?? 0, program.peakMemory() ?? 0) || null; }, 50);
  await once(program.child, 'exit');
  const seconds = (performance.now() - started) / 1000;
  clearInterval(look);
  const code = await program.ended();
  if (code !== 0) throw new Error(`hash ended with ${code}`);
  const [cpuAfter, machineAfter] = [endedChildrenCpuSeconds(), machineCpuSeconds()];
  const senderCpu = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore;
  const otherCpu = machineBefore === null || machineAfter === null || senderCpu === null ? null : Math.max(0, machineAfter - machineBefore - senderCpu);
  return { seconds, senderCpu, receiverCpu: null, senderMemory: memory, receiverMemory: null, otherCpu, extra: {} };
}

const discoveryProgram = join(import.meta.dirname, 'discovery-program.mjs');
const discoveryPort = 47_800;

/**
 * Two machines made of network namespaces, one of them up for a second. Seconds from the start of discovery on the other
 * until each knows of the other, by their own clocks; `fromStart`: from the start of the whole program, a new device, until both are linked.
 */
export async function discoverOnce({ stage }: OwnRun): Promise<RunResult> {
  const network = new NamespaceNetwork(2);
  stage.onClose(() => network.close());
  const [first, second] = [network.node(0), network.node(1)];
  const find = (node: typeof first): DiscoveryProcess => new DiscoveryProcess(node, [discoveryProgram], discoveryPort, 'multicast,mdns');
  const one = find(first);
  const { nonce } = await one.ready();
  await sleep(1_000);
  const two = find(second);
  const seconds = (await two.hint(nonce)).ms / 1000;
  await Promise.all([one.stop(), two.stop()]);

  const inside = ({ name }: typeof first): string[] => ['ip', 'netns', 'exec', name];
  const waiting = await stage.node('One', undefined, ['--port', String(discoveryPort)], inside(first));
  await sleep(1_000);
  const linkedAt = new Promise<number>((resolve) => { waiting.api.subscribe((event) => { if (event.type === 'peer' && event.peer.online) resolve(Date.now()); }); });
  const used = startCounting([waiting], []);
  const startedAt = Date.now();
  const newcomer = await stage.node('Two', undefined, ['--port', String(discoveryPort)], inside(second));
  const fromStart = ((await linkedAt) - startedAt) / 1000;
  return { seconds, ...used(), receiverCpu: newcomer.program.cpuSeconds(), receiverMemory: newcomer.program.peakMemory(), extra: { fromStart } };
}
