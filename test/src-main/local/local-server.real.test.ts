import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLocal } from '#main/local/connect-local.ts';
import { startLocalServer } from '#main/local/local-server.ts';
import type { LocalServer } from '#main/local/local-server.ts';
import { readRunFile, writeRunFile } from '#main/local/run-file.ts';
import { limits } from '#shared/limits.ts';
import { FakeNode, statusOf } from '../../contract/fake-node.ts';

let dataDir: string;
let server: LocalServer | undefined;
const node = new FakeNode();
node.handlers['node.status'] = () => statusOf();
const start = async (dir = dataDir): Promise<LocalServer> => (server = await startLocalServer({ api: node, dataDir: dir }));
const runFile = async () => {
  const run = await readRunFile(dataDir);
  if (run === null) throw new Error('no run file');
  return run;
};

beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'local-')); });
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

describe('local channel', () => {
  it('is for the owner only, and leaves nothing behind', async () => {
    const { address } = await start();
    expect((await stat(address)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'run.json'))).mode & 0o777).toBe(0o600);
    await server?.close();
    server = undefined;
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('uses a short path when the data directory has a long one', async () => {
    const long = join(dataDir, 'x'.repeat(120));
    await mkdir(long);
    const { address } = await start(long);
    expect(address.length).toBeLessThan(100);
    const client = await connectLocal(long);
    expect((await client.call('node.status', {})).port).toBe(47800);
    client.close();
    await server?.close();
    server = undefined;
    await expect(stat(dirname(address))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('tells a node that hangs up at once, as one without files left to open does, from one that does not let us in', async () => {
    const full = createServer((socket) => { socket.destroy(); });
    const socket = join(dataDir, 'full.sock');
    await new Promise<void>((resolve) => { full.listen(socket, resolve); });
    await writeRunFile(dataDir, { version: 1, pid: process.pid, socket, token: '0'.repeat(64) });
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'node-busy' });
    full.close();
  });

  it('cleans up after one that was killed', async () => {
    const dead = await mkdtemp(join(tmpdir(), 'distrishare-'));
    await writeFile(join(dataDir, 'node.sock'), '');
    await writeRunFile(dataDir, { version: 1, pid: 1, socket: join(dead, 's'), token: '0'.repeat(64) });
    await start();
    await expect(stat(dead)).rejects.toMatchObject({ code: 'ENOENT' });
    (await connectLocal(dataDir)).close();
  });

  it('never deletes a folder that holds anything else, whatever run.json says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'distrishare-'));
    for (const socket of ['node.sock', 's']) {
      await writeFile(join(folder, 'precious.txt'), 'mine');
      await writeRunFile(folder, { version: 1, pid: 1, socket: join(folder, socket), token: '0'.repeat(64) });
      server = await startLocalServer({ api: node, dataDir: folder });
      await server.close();
      expect(await readFile(join(folder, 'precious.txt'), 'utf8')).toBe('mine');
    }
    server = undefined;
    await rm(folder, { recursive: true });
  });

  it('refuses a wrong token, and serves nothing before', async () => {
    await start();
    const run = await runFile();
    await writeRunFile(dataDir, { ...run, token: 'f'.repeat(64) });
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'not-authorised' });
  });

  const attacks: [string, string][] = [
    ['a call first', '{"kind":"call","id":1,"name":"node.status","args":{}}\n'], ['noise', '\u0000\u0001\n'], ['a proof of the wrong length', '{"kind":"auth","nonce":"00","proof":"00"}\n'],
    ['an empty proof', `{"kind":"auth","nonce":"${'0'.repeat(64)}","proof":""}\n`], ['the other side’s role', ''], ['an endless line', 'x'.repeat(limits.rpc.requestBytes + 1)],
  ];
  it.each(attacks)('closes on %s', async (name, text) => {
    const { address } = await start();
    const socket = connect(address);
    let heard = '';
    socket.on('data', (chunk) => { heard += String(chunk); });
    socket.on('error', () => undefined);
    await once(socket, 'data');
    // Reflecting the server's own nonce must not make it prove itself for us.
    const nonce = /"nonce":"(\w+)"/.exec(heard)?.[1] ?? '';
    socket.write(name.startsWith('the other') ? `{"kind":"auth","nonce":"${nonce}","proof":"${nonce}"}\n` : text);
    await once(socket, 'close');
    expect(heard).toMatch(/^\{"kind":"hello"[^\n]*\n$/);
  });

  it('closes on an oversized call after letting somebody in', async () => {
    await start();
    const client = await connectLocal(dataDir);
    await expect(client.callExtra('node.status', { text: 'x'.repeat(limits.rpc.requestBytes) })).rejects.toMatchObject({ code: 'node-not-running' });
    const other = await connectLocal(dataDir);
    expect((await other.call('node.status', {})).port).toBe(47800);
    other.close();
  });
});

describe('connecting when nobody is there', () => {
  const dead = 'rejects with node-not-running';
  it(`${dead} without run.json, or without the directory`, async () => {
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'node-not-running', params: { path: dataDir } });
    await expect(connectLocal(join(dataDir, 'none'))).rejects.toMatchObject({ code: 'node-not-running' });
  });

  it.each(['', '{', '{"version":2}', '[]'])(`${dead} with run.json %j`, async (text) => {
    await writeFile(join(dataDir, 'run.json'), text);
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'node-not-running' });
  });

  it(`${dead} when run.json is left from one that was killed`, async () => {
    await start();
    const text = await readFile(join(dataDir, 'run.json'));
    await server?.close();
    server = undefined;
    await writeFile(join(dataDir, 'run.json'), text);
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'node-not-running' });
  });

  it('does not believe whoever took over the socket, nor tell it the token', async () => {
    const token = 'a'.repeat(64);
    const socket = join(dataDir, 'node.sock');
    let heard = '';
    const impostor = createServer((peer) => {
      peer.write(`{"kind":"hello","version":1,"nonce":"${'0'.repeat(64)}"}\n`);
      peer.on('data', (chunk) => {
        heard += String(chunk);
        peer.write(`{"kind":"welcome","proof":"${'0'.repeat(64)}"}\n`);
      });
    });
    impostor.listen(socket);
    await once(impostor, 'listening');
    await writeRunFile(dataDir, { version: 1, pid: process.pid, socket, token });
    await expect(connectLocal(dataDir)).rejects.toMatchObject({ code: 'not-authorised' });
    expect(heard).not.toContain(token);
    impostor.close();
    await once(impostor, 'close');
  });
});
