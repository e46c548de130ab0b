/**
 * What transfers add to the round trip of a slow line with a deep queue, and how much of the line they use, with "protect my ping" off and on: two nodes in
 * network namespaces, one of them behind a modem (token bucket, a queue of 2 s), a large file each way, and a datagram every 20 ms to a machine beyond
 * the line and back. Needs root on Linux.
 *
 *   node test/bench/run.mjs ping [--down 20] [--up 10] [--seconds 40] [--budget 20] [--only up|down|both] [--near] [--trace]
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { second } from '#shared/units.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from '../net/namespaces.ts';
import { BenchNode } from './session/bench-node.ts';
import { Program, stopEverything } from './session/processes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    down: { type: 'string', default: '20' }, up: { type: 'string', default: '10' }, seconds: { type: 'string', default: '40' }, budget: { type: 'string', default: '20' },
    only: { type: 'string' }, near: { type: 'boolean', default: false }, trace: { type: 'boolean', default: false },
  },
});
const echoPort = 7;
/** After the start of a transfer, before what is measured counts: the first seconds are told apart. */
const settleMs = 10 * second;
type Job = 'up' | 'down' | 'both';
const jobs = (['up', 'down', 'both'] as const).filter((job) => values.only === undefined || values.only === job);

/** This file is also the programs that run in the namespaces: one answers datagrams, the other sends them and prints the milliseconds each took. */
function answer(): void {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => { socket.send(message, from.port, from.address); });
  socket.bind(echoPort, () => { console.log('ready'); });
}

function ask(host: string): void {
  const socket = createSocket('udp4');
  socket.on('message', (message) => { console.log((performance.now() - message.readDoubleLE(0)).toFixed(2)); });
  setInterval(() => {
    const message = Buffer.alloc(64);
    message.writeDoubleLE(performance.now());
    socket.send(message, echoPort, host);
  }, 20);
}

class Pings {
  #samples: number[] = [];

  static async start(from: Namespace, to: Namespace): Promise<Pings> {
    const self = process.argv[1] ?? '';
    const start = (machine: Namespace, ...args: string[]): Program =>
      new Program('ip', ['netns', 'exec', machine.name, process.execPath, self, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const echo = start(to, 'answer').child;
    if (echo.stdout) await once(createInterface({ input: echo.stdout }), 'line');
    const pings = new Pings();
    const asking = start(from, 'ask', to.ipv4).child;
    if (asking.stdout) createInterface({ input: asking.stdout }).on('line', (line) => pings.#samples.push(Number(line)));
    return pings;
  }

  /** What was measured since the last time, sorted. */
  take(): readonly number[] {
    return this.#samples.splice(0).sort((a, b) => a - b);
  }
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;

/** Bytes on the wire so far, each way, as the machine at home counts them. */
function wireBytes(home: Namespace): { readonly down: number; readonly up: number } {
  const counter = (name: string): number => Number(home.exec('cat', `/sys/class/net/eth0/statistics/${name}`));
  return { down: counter('rx_bytes'), up: counter('tx_bytes') };
}

interface Figures { readonly sorted: readonly number[]; readonly down: number; readonly up: number }

async function measure(home: Namespace, pings: Pings, ms: number): Promise<Figures> {
  pings.take();
  const before = wireBytes(home);
  const from = performance.now();
  await sleep(ms);
  const seconds = (performance.now() - from) / second;
  const after = wireBytes(home);
  return { sorted: pings.take(), down: (8 * (after.down - before.down)) / seconds, up: (8 * (after.up - before.up)) / seconds };
}

async function trace(node: BenchNode, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += second) {
    await sleep(second);
    const { speed } = await node.api.call('node.status', {});
    const { transfers } = await node.api.call('transfers.list', {});
    const running = transfers.find(({ state }) => state === 'running');
    const why = running === undefined ? null : (await node.api.call('transfers.get', { id: running.id })).brake;
    console.log(`    ${passed / second} s: ${JSON.stringify(speed)} ${JSON.stringify(why)}`);
  }
}

async function run(job: Job, protect: boolean): Promise<void> {
  const line = { downBits: Number(values.down) * 1e6, upBits: Number(values.up) * 1e6 };
  const network = new NamespaceNetwork(2, { ipv6: false, apart: !values.near, line: { ...line, queueBytes: Math.round((2 * Math.max(line.downBits, line.upBits)) / 8) } });
  const root = await mkdtemp(join(tmpdir(), 'distrishare-bench-'));
  folders.add(root);
  const nodes: BenchNode[] = [];
  try {
    const [home, away] = [network.node(0), network.node(1)];
    for (const [name, machine] of [['Home', home], ['Away', away]] as const) {
      nodes.push(await BenchNode.start(join(root, name), name, ['--port', '0', '--no-multicast', '--no-mdns'], { inside: ['ip', 'netns', 'exec', machine.name] }));
    }
    const [homeNode, awayNode] = nodes;
    if (homeNode === undefined || awayNode === undefined) return;
    for (const [node, name] of [[homeNode, 'Home'], [awayNode, 'Away']] as const) {
      const file = join(root, `${name}.bin`);
      // More than the line takes in the time; random, so that nobody compresses it.
      const bits = name === 'Home' ? line.upBits : line.downBits;
      await writeFile(file, randomBytes(Math.round((bits / 8) * 1.2 * (10 + settleMs / second + Number(values.seconds)))));
      await node.share(file, 'public');
    }
    await homeNode.api.call('peers.connect', { address: `${away.ipv4}:${awayNode.port}` });
    if (protect) await homeNode.api.call('settings.set', { patch: { pingBudget: Number(values.budget) } });
    await mkdir(join(root, 'to'));
    const pings = await Pings.start(home, away);
    const { sorted: idle } = await measure(home, pings, 3 * second);
    const rest = at(idle, 0.5);
    if (job !== 'up') await homeNode.get({ kind: 'path', peer: awayNode.deviceId, path: 'Away.bin' }, join(root, 'to'));
    if (job !== 'down') await awayNode.get({ kind: 'path', peer: homeNode.deviceId, path: 'Home.bin' }, join(root, 'to'));
    const tracing = values.trace ? trace(homeNode, settleMs + Number(values.seconds) * second) : null;
    const first = await measure(home, pings, settleMs);
    const then = await measure(home, pings, Number(values.seconds) * second);
    await tracing;
    const added = ({ sorted }: Figures, share: number): string => `${(at(sorted, share) - rest).toFixed(0)} ms`.padStart(8);
    const used = (bits: number, of: number): string => `${(bits / 1e6).toFixed(1)} Mbit/s (${((100 * bits) / of).toFixed(0)} %)`;
    const rates = [...(job === 'up' ? [] : [`down ${used(then.down, line.downBits)}`]), ...(job === 'down' ? [] : [`up ${used(then.up, line.upBits)}`])].join(', ');
    console.log(`${job.padEnd(5)} ${(protect ? `budget ${values.budget} ms` : 'not protected').padEnd(14)} added: median ${added(then, 0.5)}, 95 % ${added(then, 0.95)}; first ${settleMs / second} s: median ${added(first, 0.5)}, 95 % ${added(first, 0.95)}, longest ${added(first, 1)}; ${rates}`);
  } finally {
    await stopEverything();
    await network.close();
    await rm(root, { recursive: true, force: true });
    folders.delete(root);
  }
}

const folders = new Set<string>();

/** Ended early: nodes and folders go too; namespaces do so when the process ends. */
async function giveUp(): Promise<never> {
  await stopEverything();
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })));
  process.exit(130);
}

async function main(): Promise<void> {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void giveUp());
  const why = whyNoNamespaces();
  if (why !== null) return console.log(`skipped: ${why}`);
  console.log(`line of ${values.down} Mbit/s down and ${values.up} Mbit/s up, ${values.near ? 'within one network' : 'between networks'}; ${values.seconds} s after the first ${settleMs / second}`);
  for (const job of jobs) for (const protect of [false, true]) await run(job, protect);
}

if (positionals[0] === 'answer') answer();
else if (positionals[0] === 'ask') ask(positionals[1] ?? '');
else void main();
