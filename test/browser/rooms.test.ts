import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { Stage } from '../e2e/programs.ts';
import type { ServedNode } from '../e2e/programs.ts';
import { arrived, download } from './walk.ts';

const stage = new Stage();
let browser: Browser;

beforeAll(async () => {
  await ensureBuilt(['node', 'renderer']);
  browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--lang=en'] });
});
afterAll(async () => {
  await browser.close();
  await stage.close();
});

async function open(node: ServedNode): Promise<Page> {
  const page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 800 } });
  await page.goto(node.ready.webUrl ?? '');
  await page.getByRole('navigation').getByRole('link', { name: 'Rooms' }).click();
  return page;
}

it('somebody makes a room, somebody joins it with the words, what is shared with it is fetched, and a removed member sees nothing more', async () => {
  const local = ['--listen', '127.0.0.1', '--no-multicast', '--no-mdns', '--web-port', '0'];
  const [ann, bob] = await Promise.all([stage.serve([...local, '--name', 'Ann']), stage.serve([...local, '--name', 'Bob'])]);
  await bob.call('peers.connect', { address: `127.0.0.1:${ann.ready.port}` });
  const [annPage, bobPage] = await Promise.all([open(ann), open(bob)]);

  await annPage.getByRole('button', { name: 'Make a room' }).click();
  await annPage.getByRole('textbox', { name: 'Name' }).fill('Choir');
  await annPage.keyboard.press('Enter');
  const invitation = annPage.getByRole('dialog', { name: 'Invite to “Choir”' });
  await invitation.getByRole('img', { name: 'QR code of the invitation link' }).waitFor();
  const words = await invitation.getByRole('listitem').locator('.t-strong').allTextContents();
  expect(words).toHaveLength(12);
  await annPage.keyboard.press('Escape');

  await bobPage.getByRole('button', { name: 'Join a room' }).click();
  await bobPage.getByRole('textbox', { name: 'Words or link' }).fill(words.join('\n'));
  await bobPage.getByText('Twelve words that belong together.').waitFor();
  await bobPage.keyboard.press('Enter');
  await bobPage.getByRole('heading', { name: 'Choir', level: 1 }).waitFor();
  await bobPage.getByText('You and 1 other, 1 online').waitFor();

  const folder = join(await stage.folder(), 'Scores');
  await mkdir(folder);
  const bytes = randomBytes(300_000);
  await writeFile(join(folder, 'alto.pdf'), bytes);
  const [room] = await ann.call('rooms.list', {});
  const { id } = await ann.call('shares.add', { path: folder, audience: { kind: 'room', room: room?.id ?? '' } });
  await ann.call('shares.whenHashed', { id });
  await annPage.getByText('You share Scores').waitFor();
  const member = bobPage.getByRole('list', { name: 'Members' }).getByRole('link', { name: /^Ann/ });
  await member.getByText('Scores').waitFor();
  await member.click();
  await download(bobPage, 'Scores');
  await arrived(bobPage, 'Scores');
  expect((await readFile(join(bob.dataDir, 'downloads/Scores/alto.pdf'))).equals(bytes)).toBe(true);

  await annPage.getByRole('link', { name: 'Choir' }).click();
  await annPage.getByRole('button', { name: 'More about Bob' }).press('Enter');
  await annPage.getByRole('menuitem', { name: 'Remove from the room…' }).press('Enter');
  await annPage.getByRole('alertdialog', { name: 'Remove Bob from “Choir”?' }).getByRole('button', { name: 'Remove' }).click();
  await annPage.getByText('Only you so far').waitFor();
  await bobPage.getByText('You are no longer in “Choir”').waitFor();
  await bobPage.getByRole('navigation').getByRole('link', { name: 'Rooms' }).click();
  await bobPage.getByText('In a room, what you share is seen by its members and by nobody else.').waitFor();
});
