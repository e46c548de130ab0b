import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { root } from '../../scripts/project-root.mjs';
import type { TestClient } from '../src-main/bootstrap/bootstrap-client.ts';
import { entryOf, roomOf } from '../src-main/bootstrap/registry/things.ts';
import { BootstrapStage } from '../src-main/bootstrap/stage.ts';

const stage = new BootstrapStage();
const adminToken = 'a secret of the operator';
const pageDir = join(root, 'out/dashboard');
let browser: Browser;

beforeAll(async () => {
  await ensureBuilt(['dashboard']);
  browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--lang=en'] });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

/** A page, and what went wrong in it: scripts that failed, and what its policy forbade. */
async function open(url: string, locale = 'en'): Promise<{ page: Page; trouble: string[] }> {
  const context = await browser.newContext({ locale, ignoreHTTPSErrors: true, viewport: { width: 900, height: 600 } });
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(error.message));
  page.on('console', (message) => { if (/policy|violates/i.test(message.text())) trouble.push(message.text()); });
  await page.goto(url);
  return { page, trouble };
}

async function device(base: string, entries: readonly object[]): Promise<TestClient> {
  const client = await stage.client(base);
  await client.call('register', { addresses: ['192.168.1.7:47800'], rooms: [roomOf(1)] });
  await client.call('entries', { add: entries, revision: 'r' });
  return client;
}

it('shows the operator, by keyboard alone, what there is, who has how much of it, and what is wrong, as it changes', async () => {
  const { base } = await stage.server({ adminToken, maxNodes: 2, silenceSeconds: 600 }, undefined, pageDir);
  const [one, two] = [await device(base, [entryOf(1, 'Norway by train.mp4', 734_003_200), entryOf(2)]), await device(base, [{ ...entryOf(1, 'Norway by train.mp4', 734_003_200), have: 40 }])];
  const { page, trouble } = await open(`${base}/dashboard`);
  const asks: string[] = [];
  page.on('request', (request) => { if (request.url().includes('/v1/')) asks.push(new URL(request.url()).pathname); });

  await page.getByLabel('Admin token').waitFor();
  await page.keyboard.type('not this one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('This is not the token of this server.').waitFor();
  await page.getByLabel('Admin token').fill(adminToken);
  await page.keyboard.press('Enter');
  await page.getByRole('status', { name: 'Alerts' }).getByText('2 of 2 devices').waitFor();
  await page.getByRole('meter', { name: 'Devices' }).waitFor();
  expect(await page.locator('.head .badge').innerText()).toBe('Needs attention');

  // A file, and from it a device.
  await page.getByRole('searchbox', { name: 'Find a file by words of its name' }).fill('norw train');
  const row = page.getByRole('row').filter({ hasText: 'Norway by train.mp4' });
  await page.getByRole('row').filter({ hasText: 'file 2.txt' }).waitFor({ state: 'detached' });
  expect(await row.getByRole('cell').allInnerTexts()).toEqual(expect.arrayContaining(['1', '1']));
  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Norway by train.mp4' });
  const leecher = sheet.getByRole('row').filter({ hasText: two.id.slice(0, 15) });
  await leecher.getByText('Leecher').waitFor();
  expect(await leecher.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('40');
  await sheet.getByRole('row').filter({ hasText: one.id.slice(0, 15) }).getByText('Seeder').waitFor();
  await two.call('entries', { add: [entryOf(1, 'Norway by train.mp4', 734_003_200)], revision: 's' });
  await leecher.getByText('Seeder').waitFor();
  await leecher.getByRole('button').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText(two.id, { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  await page.getByRole('tab', { name: 'Files' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('searchbox', { name: 'Find a device by id or address' }).fill(one.id.slice(0, 7));
  await page.getByRole('row').filter({ hasText: two.id.slice(0, 15) }).waitFor({ state: 'detached' });
  await page.getByRole('row').filter({ hasText: one.id.slice(0, 15) }).waitFor();
  // On a phone other columns make way for the one that says which device it is.
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => [...document.querySelectorAll('main, td:first-child')].filter((each) => each.clientWidth === 0 || each.scrollWidth > each.clientWidth + 1).length)).toBe(0);
  expect(await page.evaluate(() => [document.cookie, JSON.stringify(localStorage)].join(''))).not.toContain(adminToken);

  // The tab keeps the token until somebody signs out.
  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin token').waitFor();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(adminToken);
  expect(trouble).toEqual([]);
});

it('says how to switch it on where it is off, in the language of the browser', async () => {
  const { base } = await stage.server({}, undefined, pageDir);
  const { page, trouble } = await open(`${base}/dashboard`, 'es-MX');
  await page.getByRole('heading', { name: 'El panel está apagado' }).waitFor();
  await page.getByText('DISTRISHARE_BOOTSTRAP_ADMIN_TOKEN').waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'The dashboard is off' }).waitFor();
  expect(trouble).toEqual([]);
});
