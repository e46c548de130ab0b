import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startWebServer } from '#main/web/web-server.ts';
import type { WebServer } from '#main/web/web-server.ts';
import { limits } from '#shared/limits.ts';
import { FakeNode, statusOf, turn } from '../../contract/fake-node.ts';

interface Answer { status: number; headers: IncomingMessage['headers']; body: string }
interface Ask { path?: string; method?: string; headers?: Record<string, string>; body?: string | Buffer }

let dir: string;
let server: WebServer;
let cookie: string;
let key: string;
const node = new FakeNode();

/** Sends paths and headers exactly as given, which `fetch` would not. */
function ask({ path = '/', method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers: { host: `127.0.0.1:${server.port}`, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }); });
    });
    request.on('error', reject);
    request.end(body);
  });
}
const origin = (): string => `http://127.0.0.1:${server.port}`;
async function signIn(): Promise<{ cookie: string; key: string }> {
  const { headers } = await ask({ path: new URL(server.newUrl()).search.replace(/^/, '/') });
  return { cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '', key: headers.location?.replace('/#key=', '') ?? '' };
}
const own = (more: Record<string, string> = {}): Record<string, string> => ({ cookie, ...more });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'web-'));
  await mkdir(join(dir, 'ui/assets'), { recursive: true });
  await writeFile(join(dir, 'ui/index.html'), '<!doctype html>');
  await writeFile(join(dir, 'ui/assets/app-1a2b.js'), 'hello()');
  await writeFile(join(dir, 'secret.txt'), 'secret');
  await symlink(join(dir, 'secret.txt'), join(dir, 'ui/assets/leak.txt'));
  node.handlers['node.status'] = () => statusOf();
  server = await startWebServer({ api: node, dataDir: join(dir, 'data'), uiDir: join(dir, 'ui'), port: 0 });
  ({ cookie, key } = await signIn());
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

describe('signing in', () => {
  it('trades a one-time link for a cookie and hides the token', async () => {
    const { pathname, search } = new URL(server.newUrl());
    const first = await ask({ path: pathname + search });
    expect(first.status).toBe(303);
    expect(first.headers.location).toMatch(/^\/#key=[\w-]{43}$/);
    expect(first.headers['set-cookie']?.[0]).toMatch(new RegExp(`^distrishare-${server.port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`));
    const again = await ask({ path: pathname + search });
    expect(again.status).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  it('lets the browser that used a link open it again', async () => {
    const { search } = new URL(server.newUrl());
    const session = (await ask({ path: `/${search}` })).headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect((await ask({ path: `/${search}`, headers: { cookie: session } })).status).toBe(303);
  });

  it.each(['', 'x', '%00', 'a'.repeat(5000)])('refuses the token %j', async (token) => {
    expect((await ask({ path: `/?token=${token}` })).status).toBe(401);
  });

  const asBrowser = { accept: 'text/html,*/*' };
  it('says what to do in the language of the browser', async () => {
    const { status, headers, body } = await ask({ headers: { ...asBrowser, 'accept-language': 'es-MX,es;q=0.9' } });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([401, 'text/html; charset=utf-8', 'no-store']);
    expect(body).toContain('<html lang="es">');
    expect(body).toContain('<h1>Aquí no has iniciado sesión.</h1>');
    expect(body).toContain('<code>distrishare serve</code>');
  });

  it('tells a browser that was let in before the last start, and one with an old address, what happened', async () => {
    const titleOf = async (path: string, cookies: Record<string, string> = {}): Promise<string | undefined> => /<h1>(.*)<\/h1>/.exec((await ask({ path, headers: { ...asBrowser, ...cookies } })).body)?.[1];
    expect(await titleOf('/', { cookie: `distrishare-${server.port}=${'a'.repeat(43)}` })).toBe('DistriShare was started anew since this page was opened');
    expect(await titleOf(`/?token=${'a'.repeat(43)}`)).toBe('This address has been used, or is not whole');
    expect(await titleOf('/')).toBe('You are not signed in here.');
    // What a page of somebody else’s had put there lies outside the name of ours.
    expect(await titleOf('/', { cookie: 'other=1' })).toBe('You are not signed in here.');
  });

  it('says so on a page that allows its own style and nothing else, whatever was asked for', async () => {
    const { headers, body } = await ask({ path: '/<script>alert("1")</script>\'&', headers: { ...own(), ...asBrowser } });
    expect(body).toContain('<h1>“');
    expect(body).not.toContain('<script');
    const sum = createHash('sha256').update(/<style>(.*)<\/style>/s.exec(body)?.[1] ?? '').digest('base64');
    expect(headers['content-security-policy']).toBe(`default-src 'none'; style-src 'sha256-${sum}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
  });

  it('keeps a bounded number of links, the latest ones', async () => {
    const first = new URL(server.newUrl());
    for (let links = 0; links < 32; links++) server.newUrl();
    expect((await ask({ path: `/${first.search}` })).status).toBe(401);
  });
});

describe('pages', () => {
  it('come with a policy that allows nothing inline and nobody’s frame', async () => {
    const { status, headers } = await ask({ headers: own() });
    expect(status).toBe(200);
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('script-src-attr');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['cache-control']).toBe('no-cache');
  });

  it('cache what carries a hash in its name', async () => {
    const { headers, body } = await ask({ path: '/assets/app-1a2b.js', headers: own() });
    expect(body).toBe('hello()');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toContain('immutable');
  });

  it('answer HEAD without a body', async () => {
    const { status, headers, body } = await ask({ method: 'HEAD', headers: own() });
    expect([status, headers['content-length'], body]).toEqual([200, '15', '']);
  });

  it.each([
    '/../secret.txt', '/assets/../../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%5c..%5csecret.txt', '//secret.txt', '/assets/leak.txt', '/assets', '/assets/', '/.env', '/%', '/a%00b',
    '/assets/app-1a2b.js/', '/nothing.js',
  ])('do not leave the folder: %s', async (path) => {
    const { status, body } = await ask({ path, headers: own() });
    expect(status).toBe(404);
    expect(body).not.toContain('secret"');
  });

  it('need the cookie', async () => {
    expect((await ask({ path: '/' })).status).toBe(401);
    expect((await ask({ path: '/assets/app-1a2b.js' })).status).toBe(401);
    expect((await ask({ headers: { cookie: `${cookie.slice(0, -1)}_` } })).status).toBe(401);
    expect((await ask({ headers: { cookie: `other=1; ${cookie}` } })).status).toBe(200);
  });

  it.each(['POST', 'DELETE', 'OPTIONS', 'PUT'])('refuse %s', async (method) => {
    expect((await ask({ method, headers: own() })).status).toBe(405);
  });

  it('refuse a body where none belongs', async () => {
    expect((await ask({ method: 'GET', headers: own({ 'content-length': '3' }), body: 'abc' })).status).toBe(400);
  });
});

describe('other sites', () => {
  const foreignHosts = ['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', '192.168.0.1:PORT', 'localhost.evil.example:PORT', '127.0.0.1:PORT@evil.example'];
  it.each(foreignHosts)('cannot reach us under the name %j, cookie or not', async (host) => {
    const headers = own({ host: host.replace('PORT', String(server.port)) });
    expect((await ask({ headers })).status).toBe(403);
    expect((await ask({ path: new URL(server.newUrl()).search.replace(/^/, '/'), headers })).status).toBe(403);
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('does not mistake %s for one', async (host) => {
    expect((await ask({ headers: own({ host: `${host}:${server.port}` }) })).status).toBe(200);
  });

  const foreignOrigins = ['http://evil.example', 'null', 'https://127.0.0.1:PORT', 'http://127.0.0.1', 'http://127.0.0.1:PORT.evil.example', 'file://', ''];
  it.each(foreignOrigins)('cannot ask from the page %j', async (from) => {
    expect((await ask({ headers: own({ origin: from.replace('PORT', String(server.port)) }) })).status).toBe(403);
  });
});

describe('WebSocket', () => {
  function open(headers: Record<string, string>, path = '/api', protocols = ['distrishare', key]): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, { headers });
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (_request, response) => { resolve(response.statusCode ?? 0); });
      socket.on('error', reject);
    });
  }

  it('opens for our own page only', async () => {
    expect(await open(own({ origin: origin() }))).toBe(101);
    expect(await open({ origin: origin() })).toBe(401);
    expect(await open(own())).toBe(403);
    expect(await open(own({ origin: 'http://evil.example' }))).toBe(403);
    expect(await open(own({ origin: origin(), host: 'evil.example' }))).toBe(403);
    expect(await open(own({ origin: origin() }), '/other')).toBe(404);
  });

  it('opens for nobody who has the cookie alone, which every port of this machine sees', async () => {
    const other = await signIn();
    for (const protocols of [[], ['distrishare'], [key], ['distrishare', other.key], ['distrishare', `${key.slice(0, -1)}_`], [key, 'distrishare']]) expect(await open(own({ origin: origin() }), '/api', protocols)).toBe(401);
    expect(await open({ cookie: other.cookie, origin: origin() }, '/api', ['distrishare', other.key])).toBe(101);
  });

  const connectOwn = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api`, ['distrishare', key], { headers: own({ origin: origin() }) });
    await once(socket, 'open');
    return socket;
  };

  it('closes on an oversized message, on bytes, and on nonsense', async () => {
    for (const message of ['x'.repeat(limits.web.messageBytes + 1), Buffer.from([1, 2, 3]), 'nonsense']) {
      const socket = await connectOwn();
      socket.on('error', () => undefined);
      socket.send(message);
      await once(socket, 'close');
    }
    const socket = await connectOwn();
    socket.send('{"kind":"call","id":1,"name":"node.status","args":{}}');
    const answer: unknown[] = await once(socket, 'message');
    expect(String(answer[0])).toContain('Jade Otter');
    socket.terminate();
  });

  it('allows a bounded number', async () => {
    const sockets = await Promise.all(Array.from({ length: 32 }, connectOwn));
    expect(await open(own({ origin: origin() }))).toBe(503);
    for (const socket of sockets) socket.terminate();
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
  });
});

describe('uploads', () => {
  const batch = 'aabbccdd';
  const outbox = (...path: string[]): string => join(dir, 'data/outbox', ...path);
  const put = (path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    ask({ path: `/upload/${path}`, method: 'PUT', headers: own({ origin: origin(), 'x-distrishare-key': key, 'content-length': String(Buffer.byteLength(body)), ...headers }), body });

  it('put a file where it can be sent from, and say where', async () => {
    const { status, body } = await put(`${batch}/Holiday/${encodeURIComponent('Ä 1%.jpg')}`, 'picture');
    expect(status).toBe(201);
    expect(JSON.parse(body)).toEqual({ path: outbox(batch, 'Holiday', 'Ä 1%.jpg'), root: outbox(batch, 'Holiday') });
    expect(await readFile(outbox(batch, 'Holiday', 'Ä 1%.jpg'), 'utf8')).toBe('picture');
    expect(await readdir(outbox('.incoming'))).toEqual([]);
  });

  it('take empty files and empty folders', async () => {
    expect((await put(`${batch}/empty.txt`, '')).status).toBe(201);
    expect((await put(`${batch}/empty folder/`.replace(' ', '%20'), '')).status).toBe(201);
    expect(await readdir(outbox(batch, 'empty folder'))).toEqual([]);
  });

  it('never replace a file', async () => {
    expect((await put(`${batch}/once.txt`, 'first')).status).toBe(201);
    const second = await put(`${batch}/once.txt`, 'second');
    expect([second.status, JSON.parse(second.body)]).toEqual([409, { code: 'already-exists', params: { name: outbox(batch, 'once.txt') } }]);
    expect(await readFile(outbox(batch, 'once.txt'), 'utf8')).toBe('first');
  });

  it.each(['../../../up.txt', '..%2f..%2fup.txt', '%2e%2e/up.txt', './up.txt', 'C:%5cup.txt', 'con.txt', 'a%00b', '%e2%80%aegpj.exe'])('keep %s inside, under a safe name', async (path) => {
    const before = await readdir(dir);
    const { status, body } = await put(`00112233/${path}`, 'x');
    expect(status).toBe(201);
    expect(body.startsWith(`{"path":"${outbox('00112233')}/`)).toBe(true);
    expect(await readdir(dir)).toEqual(before);
    expect(await readdir(outbox())).toEqual(expect.arrayContaining(['00112233']));
  });

  it.each(['', 'x', '../a/b', '..%2f/b', `${'a'.repeat(65)}/b`, `${batch}`, `${batch}/`, `${batch}/%zz`, `${batch}/${'a/'.repeat(100)}b`, 'AABBCCDD/b'])('refuse the place %j', async (path) => {
    expect((await put(path, 'x')).status).toBe(400);
  });

  it('need cookie, key and origin', async () => {
    expect((await put(`${batch}/a`, 'x', { 'x-distrishare-key': (await signIn()).key })).status).toBe(401);
    expect((await ask({ path: `/upload/${batch}/a`, method: 'PUT', headers: own({ origin: origin(), 'content-length': '1' }), body: 'x' })).status).toBe(401);
    expect((await ask({ path: `/upload/${batch}/a`, method: 'PUT', headers: { 'x-distrishare-key': key, origin: origin(), 'content-length': '1' }, body: 'x' })).status).toBe(401);
    expect((await ask({ path: `/upload/${batch}/a`, method: 'PUT', headers: own({ 'content-length': '1' }), body: 'x' })).status).toBe(403);
    expect((await put(`${batch}/a`, 'x', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await put(`${batch}/a`, 'x', { host: 'evil.example' })).status).toBe(403);
    await expect(readFile(outbox(batch, 'a'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuse what is too large for the limit or the disk before it is sent', async () => {
    const claim = (bytes: number): Promise<Answer> => new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port: server.port, path: `/upload/${batch}/huge`, method: 'PUT', headers: own({ host: `127.0.0.1:${server.port}`, origin: origin(), 'x-distrishare-key': key, 'content-length': String(bytes) }) }, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });
    expect((await claim(limits.web.uploadFileBytes + 1)).status).toBe(400);
    expect((await claim(limits.web.uploadFileBytes)).status).toBe(507);
  });

  it('leave nothing when the browser goes away', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path: `/upload/${batch}/broken.bin`, method: 'PUT', headers: own({ host: `127.0.0.1:${server.port}`, origin: origin(), 'x-distrishare-key': key, 'content-length': '1000' }) });
    request.on('error', () => undefined);
    request.write('x'.repeat(500));
    while ((await readdir(outbox('.incoming'))).length === 0) await turn();
    request.destroy();
    while ((await readdir(outbox('.incoming'))).length > 0) await turn();
    await expect(readFile(outbox(batch, 'broken.bin'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('bad manners', () => {
  const closedBy = (bytes: string): Promise<string> => new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => { socket.write(bytes); });
    let heard = '';
    socket.on('data', (chunk) => { heard += String(chunk); });
    socket.on('error', () => undefined);
    socket.on('close', () => { resolve(heard); });
  });

  it('close the connection', async () => {
    expect(await closedBy('\u0016\u0003\u0001 not http\r\n\r\n')).toBe('');
    expect(await closedBy(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).not.toContain('200 OK');
  });
});

describe('ports', () => {
  it('take the next free one when another program has it', async () => {
    const blocker = createServer();
    blocker.listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const other = await startWebServer({ api: node, dataDir: join(dir, 'other'), uiDir: dir, port: taken });
    expect(other.port).toBeGreaterThan(taken);
    await other.close();
    blocker.close();
  });
});
