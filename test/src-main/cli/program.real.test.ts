import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';

/** The real program, from the bundle the test set-up built. */
const program = fileURLToPath(new URL('../../../out/node/cli.mjs', import.meta.url));
const lineSchema = z.looseObject({ event: z.string() });
type Line = z.infer<typeof lineSchema>;

let dir: string;
let children: ChildProcess[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'program-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(dir, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LANG: 'en_GB.UTF-8' } });
  children.push(child);
  return child;
}

async function run(...args: string[]): Promise<{ code: number | null; lines: Line[] }> {
  const child = start(...args, '--json');
  let text = '';
  child.stdout?.on('data', (chunk) => { text += String(chunk); });
  await once(child, 'close');
  return { code: child.exitCode, lines: text.trimEnd().split('\n').map((line) => lineSchema.parse(JSON.parse(line))) };
}

async function serve(name: string, ...args: string[]): Promise<{ child: ChildProcess; ready: Line; data: string }> {
  const data = join(dir, name);
  const child = start('serve', '--json', '--data', data, '--name', name, '--port', '0', '--listen', '127.0.0.1', '--no-multicast', '--no-mdns', '--web-port', '0', '--download-dir', join(dir, `${name}-downloads`), ...args);
  if (child.stdout === null) throw new Error('no output');
  const lines: unknown[] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, ready: lineSchema.parse(JSON.parse(String(lines[0]))), data };
}

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGTERM');
  await once(child, 'exit');
  return child.exitCode;
}

describe('the program', () => {
  it('serves, answers, shares, transfers and stops, leaving nothing but its data', async () => {
    const [a, b] = await Promise.all([serve('Ana'), serve('Ben')]);
    expect(a.ready).toMatchObject({ event: 'ready', deviceId: expect.any(String) as unknown, port: expect.any(Number) as unknown, webUrl: expect.stringContaining('http://127.0.0.1:') as unknown });
    expect((await run('status', '--data', a.data)).lines).toMatchObject([{ event: 'status', name: 'Ana', port: a.ready['port'] }]);

    await mkdir(join(dir, 'Film'));
    await writeFile(join(dir, 'Film', 'clip.bin'), Buffer.alloc(3_000_000, 1));
    const shared = await run('share', join(dir, 'Film'), '--audience', 'everyone', '--wait', '--data', a.data);
    expect(shared.code).toBe(0);
    expect((await run('hash', join(dir, 'Film'))).lines[0]?.['contentId']).toBe(shared.lines.at(-1)?.['contentId']);

    expect((await run('connect', `127.0.0.1:${String(a.ready['port'])}`, '--data', b.data)).lines).toMatchObject([{ event: 'peer', name: 'Ana', online: true }]);
    expect((await run('browse', 'Ana', '--data', b.data)).lines).toMatchObject([{ event: 'entry', path: 'Film' }, { event: 'done', count: 1 }]);
    const got = await run('get', 'Ana', 'Film', '--to', join(dir, 'there'), '--data', b.data);
    expect(got.lines.at(-1)).toMatchObject({ event: 'done', bytes: 3_000_000, path: join(dir, 'there', 'Film') });
    expect((await run('hash', join(dir, 'there', 'Film'))).lines[0]?.['contentId']).toBe(shared.lines.at(-1)?.['contentId']);

    expect(await Promise.all([stop(a.child), stop(b.child)])).toEqual([0, 0]);
    expect((await run('status', '--data', a.data)).code).toBe(3);
    expect((await readdir(a.data)).filter((name) => ['run.json', 'node.sock'].includes(name))).toEqual([]);
  });

  it('does not sabotage anything by a slip of the fingers', async () => {
    const data = join(dir, 'Ana');
    const { code, lines } = await run('serve', '--data', data, '--sabotage', 'corrupt=1');
    expect([code, lines]).toMatchObject([2, [{ event: 'error', code: 'sabotage-locked' }]]);
    expect(await readdir(dir)).toEqual([]);
  });

  it('says that it runs already, and lets the browser in once more', async () => {
    const a = await serve('Ana');
    const second = await run('serve', '--data', a.data);
    expect(second.code).toBe(1);
    expect(second.lines).toMatchObject([{ event: 'already-running', webUrl: expect.stringContaining('?token=') as unknown }, { event: 'error', code: 'node-already-running' }]);
    const answer = await fetch(String(second.lines[0]?.['webUrl']), { redirect: 'manual' });
    expect(answer.status).toBe(303);
  });

  it('starts again after it was killed', async () => {
    const a = await serve('Ana', '--no-web');
    expect(a.ready['webUrl']).toBeNull();
    a.child.kill('SIGKILL');
    await once(a.child, 'exit');
    expect((await run('status', '--data', a.data)).code).toBe(3);
    const again = await serve('Ana');
    expect(again.ready['deviceId']).toBe(a.ready['deviceId']);
    expect((await run('status', '--data', a.data)).code).toBe(0);
  });
});
