import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { beaconGroups } from '#main/discovery/multicast.ts';
import type { DiscoveryOptions } from '#main/discovery/discovery.ts';
import { Discovered, loopback } from './discovered.ts';

/** Of this file alone, so that nodes of other tests on this machine stay out of the picture. */
const beaconPort = 20_000 + (process.pid % 10_000);
const opened: Discovered[] = [];
const sockets: Socket[] = [];
let nextPort = 41_000;

async function start(options: Partial<DiscoveryOptions> = {}): Promise<Discovered> {
  const node = new Discovered(nextPort++, { beaconPort, ...options });
  opened.push(node);
  await node.discovery.start();
  return node;
}

function sender(): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', () => {
      socket.setMulticastInterface('127.0.0.1');
      resolve(socket);
    });
  });
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.discovery.close()));
  for (const socket of sockets.splice(0)) socket.close();
});

describe.each([
  ['multicast', { multicast: true, mdns: false }],
  ['mdns', { multicast: false, mdns: true }],
] as const)('by %s only', (method, on) => {
  it('several nodes on one machine find each other', async () => {
    const nodes = [await start(on), await start(on), await start(on)];
    for (const node of nodes) {
      for (const other of nodes) {
        if (other === node) continue;
        expect(await node.finds(other)).toMatchObject({ source: method, address: { host: '127.0.0.1', port: other.port } });
      }
      expect(node.discovery.state()).toEqual({ multicast: on.multicast ? 'on' : 'off', mdns: on.mdns ? 'on' : 'off' });
    }
    for (const node of nodes) expect(node.hints.filter((hint) => hint.nonce === node.nonce)).toEqual([]);
  });

  it('a node that stops says goodbye', async () => {
    const [stays, leaves] = [await start(on), await start(on)];
    await stays.finds(leaves);
    await leaves.discovery.close();
    await stays.until(() => stays.goodbyes.includes(leaves.nonce));
  });

  it('a hidden node hears others, and nobody hears it until it shows itself', async () => {
    const hidden = await start({ ...on, visible: false });
    const seen = await start(on);
    await hidden.finds(seen);
    const later = await start(on);
    await later.finds(seen);
    await seen.finds(later);
    expect([...seen.hints, ...later.hints].filter((hint) => hint.nonce === hidden.nonce)).toEqual([]);
    await hidden.discovery.set({ visible: true });
    await seen.finds(hidden);
    await hidden.discovery.set({ visible: false });
    await seen.until(() => seen.goodbyes.includes(hidden.nonce));
  });

  it('can be switched off and on again', async () => {
    const [stays, switches] = [await start(on), await start(on)];
    await stays.finds(switches);
    await switches.discovery.set({ multicast: false, mdns: false });
    await stays.until(() => stays.goodbyes.includes(switches.nonce));
    expect(switches.discovery.state()).toEqual({ multicast: 'off', mdns: 'off' });
    stays.hints.length = 0;
    switches.hints.length = 0;
    await switches.discovery.set(on);
    await Promise.all([stays.finds(switches), switches.finds(stays)]);
  });
});

describe('trouble', () => {
  it('no network is a state with a reason, and a network that appears is used', async () => {
    const channels: ReturnType<typeof loopback> = [];
    const node = await start({ channels: () => [...channels] });
    expect(node.discovery.state()).toEqual({ multicast: 'failed', mdns: 'failed' });
    expect(node.discovery.problems()[0]).toMatchObject({ code: 'not-reachable' });
    channels.push(...loopback());
    const other = await start();
    await Promise.all([node.finds(other, 'multicast'), node.finds(other, 'mdns')]);
    expect(node.discovery.state()).toEqual({ multicast: 'on', mdns: 'on' });
    expect(node.networkChanges).toBe(1);
  });

  it('nothing is said or heard on a silent network, until it is no longer one', async () => {
    const silent = new Set(['lo']);
    const [node, other] = [await start({ silent: () => silent }), await start()];
    expect(node.discovery.state()).toEqual({ multicast: 'failed', mdns: 'failed' });
    const witness = await start();
    for (const source of ['multicast', 'mdns'] as const) await witness.finds(other, source);
    expect([...node.hints, ...witness.hints.filter(({ nonce }) => nonce === node.nonce)]).toEqual([]);
    silent.clear();
    node.discovery.networksChanged();
    for (const source of ['multicast', 'mdns'] as const) await Promise.all([witness.finds(node, source), node.finds(witness, source)]);
    expect(node.networkChanges).toBe(1);
    silent.add('lo');
    node.discovery.networksChanged();
    expect(node.discovery.state()).toEqual({ multicast: 'failed', mdns: 'failed' });
    expect(node.networkChanges).toBe(2);
  });

  it('a port that another program does not share is a state with a reason, until the port is free', async () => {
    const rude = createSocket({ type: 'udp4', reuseAddr: false });
    await new Promise<void>((resolve) => { rude.bind(beaconPort + 1, '0.0.0.0', () => resolve()); });
    const node = await start({ mdns: false, beaconPort: beaconPort + 1 });
    expect(node.discovery.state().multicast).toBe('failed');
    expect(node.discovery.problems()).toMatchObject([{ code: 'port-taken', params: { port: beaconPort + 1 } }]);
    await new Promise<void>((resolve) => { rude.close(() => resolve()); });
    await node.until(() => node.discovery.state().multicast === 'on');
    expect(node.discovery.problems()).toEqual([]);
  });

  it('a channel that cannot be opened does not disturb the others', async () => {
    const broken = { name: 'gone/4', network: 'gone', family: 4 as const, address: '203.0.113.77', addresses: ['203.0.113.77'], zone: '', isOnLink: () => true };
    const channels = () => [broken, ...loopback()];
    const [one, two] = [await start({ channels }), await start({ channels })];
    await Promise.all([one.finds(two, 'multicast'), one.finds(two, 'mdns')]);
    expect(one.discovery.state()).toEqual({ multicast: 'on', mdns: 'on' });
  });
});

describe('packets from anybody', () => {
  it('beacons that are none, or are ours, change nothing', async () => {
    const node = await start({ mdns: false });
    const socket = await sender();
    const group = beaconGroups[4];
    for (const packet of ['', 'HELLO', `HELLO 1.2.3.4 99999 distrishare/1 ${node.nonce} 00000000`, `HELLO 1.2.3.4 5 distrishare/1 ${node.nonce} 00000000`, '\0'.repeat(512), 'x'.repeat(4000)]) socket.send(packet, beaconPort, group);
    const honest = await start({ mdns: false });
    await node.finds(honest);
    expect(new Set(node.hints.map((hint) => hint.nonce))).toEqual(new Set([honest.nonce]));
  });

  it('a beacon leads to its sender, whatever address it names', async () => {
    const node = await start({ mdns: false });
    const socket = await sender();
    socket.send(`HELLO 203.0.113.5 4444 distrishare/1 ${'ab'.repeat(8)} 00000000`, beaconPort, beaconGroups[4]);
    expect(await node.finds({ nonce: 'ab'.repeat(8) })).toMatchObject({ address: { host: '127.0.0.1', port: 4444 } });
  });

  it('who asks gets a direct answer that is not longer than the question', async () => {
    await start({ mdns: false });
    const socket = await sender();
    const question = `HELLO 127.0.0.1 4444 distrishare/1 ${'cd'.repeat(8)} 00000000 ?`.padEnd(128, '.');
    const answer = new Promise<Buffer>((resolve) => { socket.once('message', resolve); });
    socket.send(question, beaconPort, beaconGroups[4]);
    expect(String(await answer)).toMatch(/^HELLO 127\.0\.0\.1 \d+ distrishare\/1 [0-9a-f]{16} [0-9a-f]{8}$/);
    expect((await answer).length).toBeLessThanOrEqual(question.length);
  });

  it('senders that are not on the network are not heard', async () => {
    const far = loopback().map((channel) => ({ ...channel, isOnLink: () => false }));
    const node = await start({ channels: () => far });
    const honest = await start();
    const witness = await start();
    await witness.finds(honest, 'multicast');
    await witness.finds(honest, 'mdns');
    expect(node.hints).toEqual([]);
  });

  it('damaged mDNS packets neither crash nor silence it', async () => {
    const node = await start({ multicast: false });
    const socket = await sender();
    const query = (name: number[]): Buffer => Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 255, 0, 1]);
    const packets = [Buffer.alloc(0), Buffer.alloc(12), Buffer.alloc(12, 255), query([0]), query([0xc0, 12]), query([63, 65]), query([1, 0x5f, 0])];
    for (let seed = 1; seed < 200; seed++) packets.push(Buffer.from(Array.from({ length: seed }, (_, index) => (seed * 31 + index * index * 17) & 255)));
    for (const packet of packets) socket.send(packet, 5353, '224.0.0.251');
    const honest = await start({ multicast: false });
    await node.finds(honest, 'mdns');
  });
});
