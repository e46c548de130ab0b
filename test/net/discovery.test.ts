import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { build } from 'esbuild';
import { DiscoveryProcess } from './discovery-process.ts';
import { NamespaceNetwork, whyNoNamespaces, type NamespaceOptions } from './namespaces.ts';

const why = whyNoNamespaces();
if (why) console.warn(`skipped: discovery between network namespaces (${why})`);

describe.skipIf(why)('discovery between network namespaces', () => {
  let folder = '';
  let program: string[] = [];
  let network: NamespaceNetwork | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'discovery-net-'));
    const outfile = join(folder, 'discovery-program.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'discovery-program.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
    program = [outfile];
  });
  afterEach(async () => {
    await network?.close();
    network = null;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function make(count: number, options?: NamespaceOptions): NamespaceNetwork {
    network = new NamespaceNetwork(count, options);
    return network;
  }

  it.each([
    ['multicast', { ipv6: false }, /^10\.77\.0\.\d:/],
    ['mdns', { ipv6: false }, /^10\.77\.0\.\d:/],
    ['multicast', { ipv4: false }, /^\[fe80::[0-9a-f:]+%eth0\]:/],
    ['mdns', { ipv4: false }, /^\[fe80::[0-9a-f:]+%eth0\]:/],
  ] as const)('two programs find each other by %s only, with %j', async (method, options, address) => {
    const net = make(2, options);
    const [one, two] = [0, 1].map((index) => new DiscoveryProcess(net.node(index), program, 47_800 + index, method));
    if (!one || !two) throw new Error('two programs');
    const [first, second] = await Promise.all([one.ready(), two.ready()]);
    const isThere = (port: number) => (line: { address: string }) => address.test(line.address) && line.address.endsWith(`:${port}`);
    expect((await one.hint(second.nonce, isThere(47_801))).source).toBe(method);
    expect((await two.hint(first.nonce, isThere(47_800))).source).toBe(method);
    expect(await two.stop()).toBe(0);
    await one.find((line) => line.event === 'goodbye' && line.nonce === second.nonce);
    expect(await one.stop()).toBe(0);
  });

  it('a cable that is plugged in later is used', async () => {
    const net = make(2);
    net.node(1).setLink('down');
    const [one, two] = [new DiscoveryProcess(net.node(0), program, 47_800, 'multicast,mdns'), new DiscoveryProcess(net.node(1), program, 47_801, 'multicast,mdns')];
    const [first, second] = await Promise.all([one.ready(), two.ready()]);
    net.node(1).setLink('up');
    await two.find((line) => line.event === 'network');
    await Promise.all([two.hint(first.nonce), one.hint(second.nonce)]);
  });

  it('several nodes on each machine, one of them by mDNS only, all find each other', async () => {
    const net = make(2);
    const nodes = [0, 0, 1, 1].map((index, port) => new DiscoveryProcess(net.node(index), program, 47_800 + port, port === 3 ? 'mdns' : 'multicast,mdns'));
    const ready = await Promise.all(nodes.map((node) => node.ready()));
    for (const [index, node] of nodes.entries()) {
      await Promise.all(ready.filter((_, other) => other !== index).map((other) => node.hint(other.nonce)));
      expect(node.lines.filter((line) => line.event === 'hint' && line.nonce === ready[index]?.nonce)).toEqual([]);
    }
  });

  it('senders from another network are not heard, and forged packets lead only to who sent them', async () => {
    const net = make(3);
    const [liar, honest] = [net.node(1), net.node(2)];
    liar.exec('ip', 'addr', 'add', '203.0.113.9/24', 'dev', 'eth0');
    const node = new DiscoveryProcess(net.node(0), program, 47_800, 'multicast');
    await node.ready();
    const forge = (from: string, nonce: string): string => `
      const socket = require('node:dgram').createSocket('udp4');
      socket.bind(0, '${from}', () => {
        socket.setMulticastInterface('${from}');
        socket.send('HELLO ${net.node(0).ipv4} 4444 distrishare/1 ${nonce} 00000000 ?', 10000, '224.1.1.1', () => socket.close());
      });`;
    liar.exec(process.execPath, '-e', forge('203.0.113.9', 'f'.repeat(16)));
    liar.exec(process.execPath, '-e', forge(liar.ipv4, 'e'.repeat(16)));
    expect((await node.hint('e'.repeat(16))).address).toBe(`${liar.ipv4}:4444`);
    const other = new DiscoveryProcess(honest, program, 47_802, 'multicast');
    await node.hint((await other.ready()).nonce);
    expect(node.lines.filter((line) => line.nonce === 'f'.repeat(16))).toEqual([]);
  });
});
