import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { root } from '../../scripts/project-root.mjs';
import { arrived, browse, download, meet, shareWithEveryone } from '../browser/walk.ts';
import { runCli, serve } from '../e2e/programs.ts';
import type { Display } from './display.ts';
import { openDisplay } from './display.ts';
import type { Desktop } from './launch.ts';
import { launchDesktop, quitDesktop } from './launch.ts';

/** Other nodes may run on this network: these names are ours alone. */
const mark = randomBytes(3).toString('hex');
const [annName, bobName] = [`Ann ${mark}`, `Bob ${mark}`];

let display: Display;
let folder: string;
let ann: Desktop;
let bob: Desktop;
const opened: Desktop[] = [];
const trouble: string[] = [];

async function open(name: string): Promise<Desktop> {
  const dataDir = join(folder, name);
  const desktop = await launchDesktop({
    appFolder: root, dataDir, display: display.name, args: ['--name', name, '--port', '0', '--no-mdns', '--download-dir', join(dataDir, 'downloads')],
  });
  opened.push(desktop);
  desktop.window.on('pageerror', (error) => trouble.push(`${name}: ${error.message}`));
  desktop.window.on('console', (message) => { if (message.type() === 'error') trouble.push(`${name}: ${message.text()}`); });
  return desktop;
}
async function quit(desktop: Desktop): Promise<void> {
  opened.splice(opened.indexOf(desktop), 1);
  await quitDesktop(desktop);
}
/** The next file dialog of the system gives these paths. */
const willChoose = ({ app }: Desktop, paths: string[]): Promise<void> => app.evaluate(({ dialog }, filePaths) => {
  dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
}, paths);

beforeAll(async () => {
  await ensureBuilt(['node', 'renderer', 'electron']);
  display = await openDisplay();
  folder = mkdtempSync(join(tmpdir(), 'distrishare-two-'));
  [ann, bob] = await Promise.all([open(annName), open(bobName)]);
});
afterAll(async () => {
  for (const desktop of [...opened]) await quit(desktop);
  rmSync(folder, { recursive: true, force: true });
  await display.close();
});

it('two windows find each other', async () => {
  await Promise.all([meet(ann.window, bobName), meet(bob.window, annName)]);
});

it('a folder shared in one window is browsed and downloaded in the other', async () => {
  const photos = join(folder, 'Photos');
  mkdirSync(join(photos, 'Été'), { recursive: true });
  const files: [string, Buffer][] = [['one.jpg', Buffer.alloc(3_000_000, 1)], ['Été/two.jpg', Buffer.alloc(70_000, 2)], ['empty.txt', Buffer.alloc(0)]];
  for (const [path, bytes] of files) writeFileSync(join(photos, path), bytes);
  await willChoose(ann, [photos]);
  await shareWithEveryone(ann.window);
  await browse(bob.window, annName);
  await download(bob.window, 'Photos');
  await arrived(bob.window, 'Photos');
  for (const [path, bytes] of files) expect(readFileSync(join(folder, bobName, 'downloads/Photos', path)).equals(bytes)).toBe(true);
});

it('a file dragged from the desktop onto a person is offered by its own path, without being copied first', async () => {
  const note = join(folder, 'for bob.txt');
  writeFileSync(note, 'hello');
  await meet(ann.window, bobName);
  const card = await ann.window.getByRole('article', { name: bobName }).boundingBox();
  if (!card) throw new Error('the card is not in sight');
  const session = await ann.window.context().newCDPSession(ann.window);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: card.x + 40, y: card.y + 40, data: { items: [], files: [note], dragOperationsMask: 1 } });
  }
  const accept = bob.window.getByRole('region', { name: `${annName} wants to send you 1 file` }).getByRole('button', { name: 'Accept' });
  await accept.waitFor();
  expect(readdirSync(join(folder, annName, 'outbox'))).toEqual([]);
  await accept.click();
  await arrived(bob.window, 'for bob.txt');
  expect(readFileSync(join(folder, bobName, 'downloads/for bob.txt'), 'utf8')).toBe('hello');
});

it('the menu’s “Share a folder” leads to the question with whom', async () => {
  const papers = join(folder, 'Papers');
  mkdirSync(papers);
  await willChoose(ann, [papers]);
  await ann.app.evaluate(({ Menu }) => {
    const file = Menu.getApplicationMenu()?.items[0]?.submenu;
    file?.items.find((item) => item.label === 'Share a folder…')?.click();
  });
  await ann.window.getByRole('dialog', { name: 'Who may see “Papers”?' }).getByRole('button', { name: 'Cancel' }).click();
});

it('the menu has the places of the sidebar, in the same words and order, and leads there', async () => {
  const places = await ann.window.getByRole('navigation', { name: 'Main' }).getByRole('link').evaluateAll((links) => links.map((link) => link.querySelector('.nav__text')?.textContent ?? ''));
  const inMenu = (): Promise<string[]> => ann.app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items[2]?.submenu?.items.map(({ label }) => label) ?? []);
  expect((await inMenu()).slice(0, places.length - 1)).toEqual(places.slice(0, -1));
  for (const [index, place] of places.slice(0, -1).entries()) {
    await ann.app.evaluate(({ Menu }, at) => { Menu.getApplicationMenu()?.items[2]?.submenu?.items[at]?.click(); }, index);
    await ann.window.getByRole('heading', { name: place, level: 1 }).waitFor();
  }
});

it('the command line speaks to the node behind the window', async () => {
  const { code, lines } = await runCli(['--data', join(folder, bobName), '--json', 'peers']);
  expect(code).toBe(0);
  expect(lines).toEqual(expect.arrayContaining([expect.objectContaining({ name: annName, online: true })]));
});

it('a window joins the node that a program already serves, and leaves it running', async () => {
  const node = await serve(join(folder, 'Cara'), ['--name', `Cara ${mark}`, '--port', '0', '--no-multicast', '--no-mdns', '--no-web']);
  const cara = await open('Cara');
  await cara.window.getByRole('banner').getByText(`Cara ${mark}`).waitFor();
  await quit(cara);
  expect((await node.must('status'))['name']).toBe(`Cara ${mark}`);
  expect(await node.kill('SIGTERM')).toBe(0);
});

it('no page complained, not even about its content policy', () => {
  expect(trouble).toEqual([]);
});
