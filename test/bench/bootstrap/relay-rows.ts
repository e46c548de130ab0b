import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { bootstrapPaths } from '#shared/protocol/bootstrap-routes.ts';
import { KiB, MiB } from '#shared/units.ts';
import { makeIdentity } from '#main/net/identity.ts';
import { startServer, usageOf } from './bench-server.ts';
import { row } from './figures.ts';
import { LoadNode } from './load-node.ts';
import { relayedPingRows } from './relayed-ping.ts';

const measuredMs = 10_000;
/** As TLS between two devices gives them to a WebSocket. */
const messageBytes = 64 * KiB;
/** What waits in the sender before it pauses. */
const aheadBytes = 1 * MiB;

/** Rates of relayed connections through the real program over loopback, over TLS on both sides. Both ends run in this process. */
export async function relayRows(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'distrishare-bench-'));
  const { child, port, fingerprint } = await startServer(dataDir, '--relay');
  try {
    const watcher = await LoadNode.connect(port);
    for (const connections of [1, 8]) {
      const pairs = await Promise.all(Array.from({ length: connections }, (_, at) => joined(port, at)));
      const [before, began, own] = [await usageOf(watcher), performance.now(), process.cpuUsage()];
      const carried = await Promise.all(pairs.map(([first, second]) => carry(first, second)));
      const [seconds, after, used] = [(performance.now() - began) / 1000, await usageOf(watcher), process.cpuUsage(own)];
      const rate = carried.reduce((sum, bytes) => sum + bytes, 0) / seconds;
      const share = (cpuSeconds: number): string => `${(100 * cpuSeconds / seconds).toFixed(0)} %`;
      row(`server: ${connections} relayed connection${connections === 1 ? '' : 's'}, one way`, `${(rate / 1e6).toFixed(0)} MB/s; ${share(after.cpu - before.cpu)} of one core, ${(1e9 * (after.cpu - before.cpu) / seconds / rate).toFixed(1)} s of CPU a GB, the ends ${share((used.user + used.system) / 1e6)}; ${Math.round(after.rss / MiB)} MiB resident`);
      for (const [first] of pairs) first.terminate();
    }
    await relayedPingRows(port, fingerprint);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function joined(port: number, number: number): Promise<[WebSocket, WebSocket]> {
  const [one, two] = [await makeIdentity(), await makeIdentity()];
  const open = async (path: string, { keyPem: key, certPem: cert }: typeof one): Promise<WebSocket> => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, { key, cert, rejectUnauthorized: false, perMessageDeflate: false });
    await once(socket, 'open');
    return socket;
  };
  const node = await LoadNode.connect(port, one);
  await node.ask('PUT', '/v1/node', { addresses: [], rooms: [] });
  await open(bootstrapPaths.events, two);
  const ticket = number.toString(16).padStart(32, '0');
  return [await open(`${bootstrapPaths.relay}?ticket=${ticket}&to=${two.id}`, one), await open(`${bootstrapPaths.relay}?ticket=${ticket}`, two)];
}

/** Bytes that came in the time measured. */
function carry(first: WebSocket, second: WebSocket): Promise<number> {
  const message = Buffer.alloc(messageBytes);
  const until = performance.now() + measuredMs;
  return new Promise((resolve) => {
    let bytes = 0;
    second.on('message', (data: Buffer) => {
      bytes += data.length;
      if (performance.now() >= until) resolve(bytes);
    });
    const send = (): void => {
      while (first.bufferedAmount < aheadBytes && performance.now() < until + 100) first.send(message, send);
    };
    send();
  });
}
