import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { parseDeviceId } from '#shared/ids.ts';
import { TestClient } from '../src-main/bootstrap/bootstrap-client.ts';
import { entryOf, roomOf } from '../src-main/bootstrap/registry/things.ts';
import { runCli } from './programs.ts';

const program = fileURLToPath(new URL('../../out/node/cli.mjs', import.meta.url));
const readySchema = z.object({ event: z.literal('ready'), url: z.string(), port: z.number(), fingerprint: z.string() });

let dataDir: string;
const children: ChildProcess[] = [];
const clients: TestClient[] = [];
beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'distrishare-e2e-')); });
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}

async function serve(port = 0): Promise<{ child: ChildProcess; ready: z.infer<typeof readySchema>; base: string; log: () => string }> {
  const child = spawn(process.execPath, [program, '--data', dataDir, 'bootstrap', '--listen', '127.0.0.1', '--port', String(port), '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { log += text; });
  const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text)), once(child, 'exit').then(() => { throw new Error(log); })]);
  const ready = readySchema.parse(JSON.parse(line));
  return { child, ready, base: `https://127.0.0.1:${ready.port}`, log: () => log };
}

async function client(base: string): Promise<TestClient> {
  const made = await TestClient.make(base);
  clients.push(made);
  return made;
}

it('comes back after kill -9 with all it had said yes to, under the same address and key', async () => {
  const first = await serve();
  expect(first.ready.url).toBe(`${first.base}#${first.ready.fingerprint}`);
  expect(parseDeviceId(first.ready.fingerprint)).toBe(first.ready.fingerprint);
  const nodes = await Promise.all(Array.from({ length: 20 }, () => client(first.base)));
  // The end comes in the middle of announcing: what was answered counts.
  let announced = 0;
  await Promise.all(nodes.map(async (node, at) => {
    await node.call('register', { addresses: [`10.0.0.${at}:47800`], rooms: [roomOf(1)] });
    await node.call('entries', { reset: true, add: Array.from({ length: 50 }, (_, more) => entryOf(100 * at + more)), revision: `of ${at}` });
    announced++;
    if (announced === 10) await end(first.child, 'SIGKILL');
  }).map((done) => done.catch((error: unknown) => { if (announced < 10) throw error; })));
  expect(announced).toBeGreaterThanOrEqual(10);

  const second = await serve(first.ready.port);
  expect(second.ready).toEqual(first.ready);
  const [asking] = nodes;
  await expect.poll(async () => (await asking?.call('health'))?.status).toBe('ok');
  let found = 0;
  for (const [at, node] of nodes.entries()) {
    const back = await node.call('heartbeat').catch(() => null);
    if (back?.revision !== `of ${at}`) continue;
    found++;
    expect(back.entries).toBe(50);
    const answer = await asking?.call('holders', { contentIds: [entryOf(100 * at + 49).contentId] });
    expect(answer?.contents[0]?.holders.map((holder) => holder.deviceId)).toEqual([node.id]);
  }
  expect(found).toBeGreaterThanOrEqual(announced);

  expect(await end(second.child, 'SIGTERM')).toBe(0);
  expect(second.log()).toContain('"msg":"stopped"');
  for (const node of nodes) expect(second.log()).not.toContain(node.id);
});

it('is refused plainly when something is wrong', async () => {
  const first = await serve();
  const again = await runCli(['--data', dataDir, '--json', 'bootstrap', '--listen', '127.0.0.1', '--port', '0']);
  expect(again).toMatchObject({ code: 1, lines: [{ event: 'error', code: 'node-already-running' }] });
  const other = await mkdtemp(join(tmpdir(), 'distrishare-e2e-'));
  const taken = await runCli(['--data', other, '--json', 'bootstrap', '--listen', '127.0.0.1', '--port', String(first.ready.port)]);
  await rm(other, { recursive: true });
  expect(taken).toMatchObject({ code: 1, lines: [{ event: 'error', code: 'port-taken' }] });
  expect(await runCli(['--json', 'bootstrap', '--max-nodes', 'many'])).toMatchObject({ code: 2, lines: [{ event: 'error', code: 'bad-argument', params: { name: '--max-nodes' } }] });
});
