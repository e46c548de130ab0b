import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { Stage, type ServedNode } from '../e2e/programs.ts';
import { writeRandom } from '../e2e/trees.ts';
import { arrived } from './walk.ts';

const stage = new Stage();
const local = ['--listen', '127.0.0.1', '--no-multicast', '--no-mdns'];
let browser: Browser;

beforeAll(async () => {
  await ensureBuilt(['node', 'renderer']);
  browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--lang=en'] });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

it('whoever sends wrong pieces is shown as banned with what it did, and is asked again when the user says so', async () => {
  const [reader, crow] = await Promise.all([
    stage.serve([...local, '--name', 'Reader', '--web-port', '0']),
    stage.serve([...local, '--name', 'Rusty Crow', '--no-web', '--sabotage', 'corrupt=1'], (command, args) => ['env', ['DISTRISHARE_SABOTAGE=I-am-testing', command, ...args]]),
  ]);
  const film = join(await stage.folder(), 'film.bin');
  await writeRandom(film, 6 * MiB);
  const { id } = await crow.call('shares.add', { path: film, audience: { kind: 'everyone' } });
  await crow.call('shares.whenHashed', { id });
  const meet = (other: ServedNode) => reader.call('peers.connect', { address: `127.0.0.1:${other.ready.port}` });
  await meet(crow);
  const to = await stage.folder();
  await reader.call('transfers.start', { source: { kind: 'path', peer: 'Rusty Crow', path: 'film.bin' }, to });

  const page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 800 } });
  await page.goto(reader.ready.webUrl ?? '');
  await page.getByRole('navigation').getByRole('link', { name: 'Transfers' }).click();
  await page.getByRole('button', { name: 'Details' }).click();
  const sources = page.getByRole('table', { name: 'Sources' });
  await sources.getByText(/^Banned until/).waitFor();
  await sources.getByText(/^Sent \d+ wrong pieces\. The last were pieces \d, .* of film\.bin\.$/).waitFor();
  // It comes back mended: until the user says so it is asked for nothing.
  await crow.kill('SIGTERM');
  const mended = await stage.serve([...local, '--name', 'Rusty Crow', '--no-web'], undefined, crow.dataDir);
  expect((await meet(mended)).badPieces).toMatchObject({ banned: true });
  await sources.getByRole('button', { name: 'Ask Rusty Crow again' }).click();
  await arrived(page, 'film.bin');
  expect((await readFile(join(to, 'film.bin'))).equals(await readFile(film))).toBe(true);
  expect((await reader.call('peers.list', {}))[0]?.badPieces).toBeUndefined();
});
