import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWebServer } from '#main/web/web-server.ts';
import type { WebServer } from '#main/web/web-server.ts';
import { limits } from '#shared/limits.ts';
import { FakeNode } from '../../contract/fake-node.ts';

let dir: string;
let server: WebServer;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slow-'));
  server = await startWebServer({ api: new FakeNode(), dataDir: dir, uiDir: dir, port: 0 });
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

/** Sends some bytes, then nothing; resolves when the server has had enough. */
const cutOff = (bytes: string): Promise<void> => new Promise((resolve) => {
  const socket = connect(server.port, '127.0.0.1', () => { socket.write(bytes); });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.on('close', () => { resolve(); });
});

/** Waits for the real limit of 5 s: Node's server counts real time. */
describe('clients that stop in the middle of their headers', () => {
  it('are cut off, more of them than connections are allowed, and others are served again', async () => {
    const beginnings = ['', 'GET / HT', `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`];
    await Promise.all(Array.from({ length: limits.web.connections + 10 }, (_, at) => cutOff(beginnings[at % beginnings.length] ?? '')));
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(401);
  });
});
