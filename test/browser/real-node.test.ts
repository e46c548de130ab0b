import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { Stage } from '../e2e/programs.ts';
import type { ServedNode } from '../e2e/programs.ts';
import { arrived, browse, download, meet, shareWithEveryone } from './walk.ts';

const mark = randomBytes(3).toString('hex');
const [annName, bobName] = [`Ann ${mark}`, `Bob ${mark}`];
const stage = new Stage();
const trouble: string[] = [];
let ann: ServedNode;
let bob: ServedNode;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await ensureBuilt(['node', 'renderer']);
  const local = ['--listen', '127.0.0.1', '--no-multicast', '--no-mdns', '--web-port', '0'];
  ann = await stage.serve([...local, '--name', annName]);
  bob = await stage.serve([...local, '--name', bobName]);
  browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--lang=en'] });
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') trouble.push(message.text()); });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

it('the address that was printed opens the UI, once', async () => {
  const url = bob.ready.webUrl ?? '';
  await page.goto(url);
  await page.getByRole('banner').getByText(bobName).waitFor();
  expect(page.url()).not.toMatch(/token|key/);
  const stranger = await browser.newContext();
  const again = await stranger.newPage();
  const answer = await again.goto(url);
  expect(answer?.status()).not.toBe(200);
  await stranger.close();
});

it('a program at another port of this machine that the browser looks at is told the cookie, and gets nowhere with it', async () => {
  const cookies: string[] = [];
  const spy = createServer(({ headers: { cookie } }, response) => {
    cookies.push(cookie ?? '');
    response.setHeader('content-type', 'text/html').end('<img src="/more">');
  }).listen(0, '127.0.0.1');
  await once(spy, 'listening');
  const other = await page.context().newPage();
  await other.goto(`http://127.0.0.1:${(spy.address() as AddressInfo).port}/`, { waitUntil: 'networkidle' });
  await other.close();
  spy.close();
  spy.closeAllConnections();
  const stolen = cookies.find((cookie) => cookie.includes('distrishare-')) ?? '';
  const { host, origin, port } = new URL(page.url());
  expect(stolen).toContain(port);
  for (const protocols of [[], ['distrishare', stolen.replace(/.*=/, '')]]) {
    const socket = new WebSocket(`ws://${host}/api`, protocols, { headers: { cookie: stolen, origin } });
    expect(await Promise.race([once(socket, 'open').then(() => 101), once(socket, 'unexpected-response').then(([, response]: IncomingMessage[]) => response?.statusCode)])).toBe(401);
  }
});

it('a person who links appears, and what they share is fetched', async () => {
  const folder = join(await stage.folder(), 'Recordings');
  await mkdir(folder);
  const bytes = randomBytes(5_000_000);
  await writeFile(join(folder, 'take one.wav'), bytes);
  await ann.must('share', folder, '--audience', 'everyone', '--wait');
  await bob.must('connect', `127.0.0.1:${ann.ready.port}`);
  await meet(page, annName);
  await browse(page, annName);
  await download(page, 'Recordings');
  // What is said of it covers none of the buttons at the foot of the page.
  const said = await page.getByRole('log').getByText('1 download started').locator('xpath=../..').boundingBox();
  for (const foot of await page.locator('[data-at-foot]').all()) expect((await foot.boundingBox())?.y).toBeGreaterThan((said?.y ?? Infinity) + (said?.height ?? 0));
  expect(await page.locator('[data-at-foot]').count()).toBeGreaterThan(0);
  await arrived(page, 'Recordings');
  expect((await readFile(join(bob.dataDir, 'downloads/Recordings/take one.wav'))).equals(bytes)).toBe(true);
});

it('a search finds it, whatever the case and order of the words', async () => {
  const field = page.getByRole('search').getByRole('textbox');
  await field.fill('ONE take');
  await field.press('Enter');
  await page.getByText('take one.wav').first().waitFor();
});

it('a path that is typed is shared at once, or it is said why not', async () => {
  const folder = join(await stage.folder(), 'Films');
  await mkdir(folder);
  await shareWithEveryone(page, async () => {
    const field = page.getByRole('textbox', { name: 'Path' });
    await field.fill(`${folder}X`);
    await field.press('Enter');
    await page.getByRole('alert').getByText(`“${folder}X” is not there.`).waitFor();
    await field.press('Backspace');
    await field.press('Enter');
  });
  await page.getByRole('listitem').filter({ hasText: 'Films' }).first().waitFor();
  expect(await bob.call('shares.list', {})).toMatchObject([{ path: folder, audience: { kind: 'everyone' } }]);
});

it('says so when the node is gone', async () => {
  await bob.kill('SIGTERM');
  await page.getByText('Connection to DistriShare lost.').waitFor();
});

it('says so when the node was started anew, and goes on when its new address is opened in another tab', async () => {
  const webPort = new URL(page.url()).port;
  bob = await stage.serve(['--listen', '127.0.0.1', '--no-multicast', '--no-mdns', '--web-port', webPort, '--name', bobName], undefined, bob.dataDir);
  await page.getByText('DistriShare was started anew.').waitFor();
  const other = await page.context().newPage();
  await other.goto(bob.ready.webUrl ?? '');
  await page.getByText('DistriShare was started anew.').waitFor({ state: 'detached' });
});

it('the page never complained', () => {
  // A closed WebSocket, and a node that does not answer or refuses, are told by the browser itself; nothing else may be.
  expect(trouble.filter((text) => !/WebSocket|ERR_CONNECTION_REFUSED|401 \(Unauthorized\)/.test(text))).toEqual([]);
});
