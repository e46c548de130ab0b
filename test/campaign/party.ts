import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { MiB, second } from '#shared/units.ts';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { snapshot, writeRealFolder } from '../e2e/trees.ts';
import { NamespaceNetwork, whyNoNamespaces, type Namespace } from '../net/namespaces.ts';

/**
 * A LAN party: many real nodes on one switch, each a machine of its own. All find each other, rest, fetch one folder at
 * once, lose the switch for a while, and half of them are killed and come back. Says how long each takes, and fails when something does not come.
 */
const { values } = parseArgs({ options: { nodes: { type: 'string', default: '40' }, mib: { type: 'string', default: '32' }, away: { type: 'string', default: '10' }, patience: { type: 'string', default: '600' } } });
const count = Number(values.nodes);
const patienceMs = Number(values.patience) * second;
/** So many start at the same moment: each takes a second of a core. */
const startedAtOnce = 8;

const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

/** CPU seconds so far. */
async function cpuOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memoryOf(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024;
}

/** One number of each node. */
async function each(nodes: readonly ServedNode[], of: (pid: number) => Promise<number>): Promise<number[]> {
  return Promise.all(nodes.map(({ pid }) => of(pid)));
}

/** Seconds until every node fulfils something. */
async function until(nodes: readonly ServedNode[], what: string, isSo: (node: ServedNode) => Promise<boolean>): Promise<number> {
  const from = performance.now();
  const all = new Set(nodes);
  for (;;) {
    for (const node of [...all]) if (await isSo(node).catch(() => false)) all.delete(node);
    const now = performance.now() - from;
    if (all.size === 0) return now / second;
    if (now > patienceMs) {
      for (const node of all) say(`  ${await howItStands(node).catch(String)}`);
      throw new Error(`${all.size} of ${nodes.length} do not: ${what}`);
    }
    await sleep(200);
  }
}

async function howItStands(node: ServedNode): Promise<string> {
  const [{ name, peersOnline }, peers] = await Promise.all([node.call('node.status', {}), node.call('peers.list', {})]);
  return `${name} sees ${peersOnline}, knows ${peers.length}; away: ${peers.filter(({ online }) => !online).map((peer) => peer.name).join(', ')} ${node.stderr()}`;
}

async function start(stage: Stage, network: NamespaceNetwork, which: readonly number[], folders: ReadonlyMap<number, string>): Promise<Map<number, ServedNode>> {
  const nodes = new Map<number, ServedNode>();
  const waiting = [...which];
  await Promise.all(Array.from({ length: startedAtOnce }, async () => {
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      nodes.set(at, await stage.serve(['--name', `Guest ${at}`, '--no-web'], inside(network.node(at)), folders.get(at)));
    }
  }));
  return nodes;
}

const seesAll = async (node: ServedNode): Promise<boolean> => (await node.call('node.status', {})).peersOnline === count - 1;

/** Whether its link to the first one carries a question and its answer. */
const reachesHost = async (node: ServedNode): Promise<boolean> => (await node.call('browse.list', { peer: 'Guest 0', path: '', limit: 1 })).entries.length > 0;

async function rest(nodes: readonly ServedNode[], seconds: number): Promise<void> {
  const before = await each(nodes, cpuOf);
  await sleep(seconds * second);
  const after = await each(nodes, cpuOf);
  const shares = after.map((cpu, at) => (100 * (cpu - (before[at] ?? 0))) / seconds);
  const memory = await each(nodes, memoryOf);
  say(`at rest: CPU ${median(shares).toFixed(1)} % of a core each (median; most ${Math.max(...shares).toFixed(1)}), memory ${median(memory).toFixed(0)} MB (most ${Math.max(...memory).toFixed(0)})`);
}

async function party(stage: Stage, network: NamespaceNetwork): Promise<void> {
  const all = Array.from({ length: count }, (_, at) => at);
  const folders = new Map<number, string>();
  for (const at of all) folders.set(at, await stage.folder());
  const from = performance.now();
  let guests = await start(stage, network, all, folders);
  say(`${count} nodes started in ${((performance.now() - from) / second).toFixed(1)} s`);
  const nodes = (): ServedNode[] => [...guests.values()];
  say(`each sees all others ${(await until(nodes(), 'see all others', seesAll)).toFixed(1)} s later`);
  await rest(nodes(), 20);

  const host = guests.get(0);
  if (host === undefined) throw new Error('nobody came');
  const source = join(await stage.folder(), 'Shared');
  await mkdir(source);
  await writeRealFolder(source, { smallFiles: 100, largeBytes: Number(values.mib) * MiB });
  await host.must('share', source, '--audience', 'everyone', '--wait');
  const others = nodes().filter((node) => node !== host);
  const ids = new Map(await Promise.all(others.map(async (node) => [node, (await node.call('transfers.start', { source: { kind: 'path', peer: 'Guest 0', path: 'Shared' } })).id] as const)));
  const took = await until(others, 'have the folder', async (node) => {
    const id = ids.get(node);
    return id !== undefined && (await node.call('transfers.get', { id })).transfer.state === 'done';
  });
  const right = await snapshot(source);
  for (const [at, folder] of folders) if (at !== 0 && !isDeepStrictEqual(await snapshot(join(folder, 'downloads', 'Shared')), right)) throw new Error(`Guest ${at} has something else`);
  const memory = await each(nodes(), memoryOf);
  say(`all ${count - 1} have the folder of ${values.mib} MiB after ${took.toFixed(1)} s, the same bytes; memory ${median(memory).toFixed(0)} MB (most ${Math.max(...memory).toFixed(0)})`);

  for (const machine of network.nodes) machine.setLink('down');
  await sleep(Number(values.away) * second);
  for (const machine of network.nodes) machine.setLink('up');
  say(`the switch was off for ${values.away} s: all reach the first one ${(await until(others, 'reach the first one', reachesHost)).toFixed(1)} s later, and see all ${(await until(nodes(), 'see all again', seesAll)).toFixed(1)} s after that`);

  const killed = all.filter((at) => at % 2 === 1);
  await Promise.all(killed.map(async (at) => guests.get(at)?.kill('SIGKILL')));
  const again = performance.now();
  guests = new Map([...guests, ...(await start(stage, network, killed, folders))]);
  say(`half were killed and started again in ${((performance.now() - again) / second).toFixed(1)} s, and each sees all others ${(await until(nodes(), 'see all after the kill', seesAll)).toFixed(1)} s later`);
  await rest(nodes(), 20);
}

/** Every machine knows the hardware address of every other one, by IPv4 and by IPv6, and the kernel keeps one table for all namespaces. */
async function whyTooMany(): Promise<string | null> {
  const needed = count * (count - 1);
  for (const family of ['ipv4', 'ipv6']) {
    const kept = Number(await readFile(`/proc/sys/net/${family}/neigh/default/gc_thresh3`, 'utf8'));
    if (kept < needed) return `the kernel knows ${kept} neighbours at most, and ${count} machines need ${needed}: sysctl -w net.${family}.neigh.default.gc_thresh3=${2 * needed} net.${family}.neigh.default.gc_thresh2=${2 * needed} net.${family}.neigh.default.gc_thresh1=${needed}`;
  }
  return null;
}

const why = whyNoNamespaces() ?? (await whyTooMany());
if (why !== null) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
const network = new NamespaceNetwork(count);
const stage = new Stage();
try {
  await party(stage, network);
} finally {
  await stage.close();
  await network.close();
}
