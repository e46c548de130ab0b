/**
 * Discovery time: from the start of a node to the first hint, at both ends, when the other runs already and when both start
 * together. On loopback inside one process; as root also between programs in two network namespaces. Run with `node test/bench/run.mjs discovery [TRIALS]`.
 */
import { randomBytes } from 'node:crypto';
import { listChannels } from '#main/discovery/channels.ts';
import { createDiscovery, type Discovery } from '#main/discovery/discovery.ts';
import { DiscoveryProcess } from '../net/discovery-process.ts';
import { NamespaceNetwork, whyNoNamespaces } from '../net/namespaces.ts';
import { runDiscovery } from '../net/run-discovery.ts';

const [, self = '', ...args] = process.argv;
/** This file is also the program that runs in the namespaces. */
const program = [self, 'node'];
const trials = Number(args[0] ?? 60);
type Method = 'multicast' | 'mdns';

function report(what: string, times: number[]): void {
  times.sort((a, b) => a - b);
  const at = (share: number): string => `${(times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? NaN).toFixed(1)} ms`;
  const within = times.filter((ms) => ms <= 2000).length / times.length;
  console.log(`${what.padEnd(52)} median ${at(0.5).padStart(9)}   95 % ${at(0.95).padStart(9)}   within 2 s ${(100 * within).toFixed(0)} %   (${times.length} figures)`);
}

interface Running {
  readonly discovery: Discovery;
  readonly found: Map<string, (ms: number) => void>;
  readonly nonce: string;
  startedAt: number;
}

function make(method: Method, port: number): Running {
  const found = new Map<string, (ms: number) => void>();
  const nonce = randomBytes(8).toString('hex');
  const discovery = createDiscovery({
    port, nonce, multicast: method === 'multicast', mdns: method === 'mdns', visible: true,
    onHint: (hint) => found.get(hint.nonce)?.(performance.now()),
    onGoodbye: () => undefined,
    random: Math.random, now: Date.now,
    channels: () => listChannels().filter((channel) => channel.isOnLink('127.0.0.1')),
  });
  return { discovery, found, nonce, startedAt: 0 };
}

/** Time of the first hint of `other` at `node`. */
const hintAt = (node: Running, other: Running): Promise<number> => new Promise((resolve) => { node.found.set(other.nonce, resolve); });

async function start(node: Running): Promise<void> {
  node.startedAt = performance.now();
  await node.discovery.start();
}

async function loopback(method: Method, together: boolean): Promise<void> {
  const times: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const [one, two] = [make(method, 40_001), make(method, 40_002)];
    const hints = Promise.all([hintAt(one, two), hintAt(two, one)]);
    if (!together) await start(one);
    await Promise.all([...(together ? [start(one)] : []), start(two)]);
    const since = two.startedAt;
    for (const at of await hints) times.push(at - since);
    await Promise.all([one.discovery.close(), two.discovery.close()]);
  }
  report(`${method}, loopback, ${together ? 'both start together' : 'other runs already'}`, times);
}

/** Starts of one host after which the other end is a new one: what one host may say a minute is limited. */
const startsPerNode = 20;

async function namespaces(method: Method, count: number): Promise<void> {
  const times: number[] = [];
  while (times.length < count) {
    const network = new NamespaceNetwork(2);
    try {
      const one = new DiscoveryProcess(network.node(0), program, 47_800, method);
      const { nonce } = await one.ready();
      for (let trial = 0; trial < startsPerNode && times.length < count; trial++) {
        const two = new DiscoveryProcess(network.node(1), program, 47_801, method);
        times.push((await two.hint(nonce)).ms);
        await two.stop();
      }
      await one.stop();
    } finally {
      await network.close();
    }
  }
  report(`${method}, two namespaces, other runs already`, times);
}

async function main(): Promise<void> {
  for (const method of ['multicast', 'mdns'] as const) for (const together of [false, true]) await loopback(method, together);
  const why = whyNoNamespaces();
  if (why) return console.log(`namespaces skipped: ${why}`);
  for (const method of ['multicast', 'mdns'] as const) await namespaces(method, Math.min(trials, 50));
}

if (args[0] === 'node') runDiscovery(Number(args[1]), args[2] ?? '');
else void main();
