import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { Stage } from '../e2e/programs.ts';
import type { ServedNode } from '../e2e/programs.ts';
import { pictureOf } from '../src-renderer/qr/picture.ts';

/** What a page was given by cameras, so that a test can see it let go of them. */
declare global {
  var given: MediaStreamTrack[];
}

const stage = new Stage();
const browsers: Browser[] = [];
let ann: ServedNode;
let bob: ServedNode;

beforeAll(async () => {
  await ensureBuilt(['node', 'renderer']);
  const local = ['--listen', '127.0.0.1', '--no-multicast', '--no-mdns', '--web-port', '0'];
  [ann, bob] = await Promise.all([stage.serve([...local, '--name', 'Ann']), stage.serve([...local, '--name', 'Bob'])]);
  await bob.call('peers.connect', { address: `127.0.0.1:${ann.ready.port}` });
});
afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await stage.close();
});

async function open(node: ServedNode, args: readonly string[] = []): Promise<Page> {
  const browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--lang=en', ...args] });
  browsers.push(browser);
  const page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 800 } });
  await page.addInitScript(() => {
    globalThis.given = [];
    const { mediaDevices } = navigator;
    const give = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wish) => {
      const stream = await give(wish);
      globalThis.given.push(...stream.getTracks());
      return stream;
    };
  });
  await page.goto(node.ready.webUrl ?? '');
  return page;
}

/** What a camera sees, as Chromium's pretended one takes it: light and no colour, five pictures a second. */
async function film(text: string): Promise<string> {
  const [width, height] = [640, 480];
  const nothing = Buffer.alloc(width * height, 90);
  const code = Buffer.from(pictureOf(text, { scale: 4, turn: 9, tilt: 0.1, noise: 8, shade: 0.3, frame: { width, height } }).data.filter((_value, at) => at % 4 === 0));
  const colour = Buffer.alloc((width * height) / 2, 128);
  const path = join(await stage.folder(), 'code.y4m');
  await writeFile(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F5:1 Ip A1:1 C420jpeg\n`), ...[nothing, nothing, code, code, code].flatMap((light) => [Buffer.from('FRAME\n'), light, colour])]));
  return path;
}

const goTo = (page: Page, name: string): Promise<void> => page.getByRole('navigation').getByRole('link', { name }).click();

/** Gives the page a picture as a drop or a paste does. */
function hand(page: Page, type: 'drop' | 'paste', png: Buffer): Promise<void> {
  return page.evaluate(({ kind, bytes }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], 'code.png', { type: 'image/png' }));
    const event = kind === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }) : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  }, { kind: type, bytes: [...png] });
}

it('joins a room by its code, held before the camera, once the person says so', async () => {
  const room = await ann.call('rooms.create', { name: 'Choir', lastsMs: null });
  const { link } = await ann.call('rooms.invite', { room: room.id, language: 'en' });
  const page = await open(bob, ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${await film(link)}`]);
  await goTo(page, 'Rooms');
  await page.getByRole('button', { name: 'Join a room' }).click();
  await page.getByRole('button', { name: 'Scan QR code' }).press('Enter');
  await page.getByRole('dialog', { name: 'Scan a QR code' }).waitFor({ state: 'detached' });
  const field = page.getByRole('textbox', { name: 'Words or link' });
  await expect.poll(() => field.inputValue()).toBe(link);
  await page.getByText('An invitation to “Choir”.').waitFor();
  expect(await page.evaluate(() => given.map((track) => [track.kind, track.readyState]))).toEqual([['video', 'ended']]);
  expect(await bob.call('rooms.list', {})).toEqual([]);
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Choir', level: 1 }).waitFor();
  await page.getByText('You and 1 other, 1 online').waitFor();
});

it('without a camera reads pictures, whichever way they come, and says what they hold when that does not fit', async () => {
  const page = await open(ann);
  await goTo(page, 'Rooms');
  await page.getByRole('button', { name: 'Invite' }).click();
  const invitation = await page.getByRole('img', { name: 'QR code of the invitation link' }).screenshot();
  await page.keyboard.press('Escape');

  const url = 'https://192.0.2.7:47900';
  await goTo(page, 'Settings');
  const field = page.getByRole('textbox', { name: 'Add a server' });
  await field.fill(url);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'QR code of 192.0.2.7:47900' }).click();
  const server = await page.getByRole('img', { name: 'QR code of the server’s URL' }).screenshot();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Remove 192.0.2.7:47900' }).click();
  await page.getByRole('alertdialog', { name: 'Remove 192.0.2.7:47900?' }).getByRole('button', { name: 'Remove' }).click();
  await expect.poll(async () => (await ann.call('settings.get', {})).servers).toEqual([]);

  await page.getByRole('button', { name: 'Scan QR code' }).click();
  const dialog = page.getByRole('dialog', { name: 'Scan a QR code' });
  await dialog.getByText('No camera was found.').waitFor();
  await dialog.locator('input[type=file]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: invitation });
  await dialog.getByText('This QR code holds an invitation to a room, not a server.').waitFor();
  await hand(page, 'paste', await page.screenshot({ clip: { x: 0, y: 0, width: 60, height: 60 } }));
  await dialog.getByText('No QR code was found in this picture.').waitFor();
  await hand(page, 'drop', server);
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => field.inputValue()).toBe(url);
  expect((await ann.call('settings.get', {})).servers).toEqual([]);
  // Nothing of it was taken for something to share.
  expect(await page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await ann.call('settings.get', {})).servers).toEqual([url]);
});
