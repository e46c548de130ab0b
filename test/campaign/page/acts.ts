import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ElementHandle, Page } from 'playwright-core';
import { pathsBelow } from '../monkey/user-files.ts';
import { connectAll } from '../monkey/world.ts';
import { aim } from './aims.ts';
import { choosePlace, focusNow } from './in-page.ts';
import { oddTexts } from './texts.ts';
import type { Visit } from './visit.ts';

/** What somebody at the page does; answers with what it was. */
export interface Act { readonly name: string; readonly weight: number; readonly does: (visit: Visit) => Promise<string> }

const clickable = 'a[href], button, [role=menuitem], [role=menuitemradio], [role=option], [role=checkbox], [role=switch], [role=radio], [role=row], .transfer, article';
const writable = 'input:not([type=checkbox], [type=radio], [type=file]), textarea';

/** Draws a place and brings it into sight. */
async function draw(visit: Visit, selector: string): Promise<{ what: string; at: { x: number; y: number }; element: ElementHandle<Element> } | null> {
  const handle = await visit.page.evaluateHandle(choosePlace, { selector, drawn: visit.drawn, random: visit.random() });
  const element = handle.asElement();
  if (element === null) return null;
  const what = await element.evaluate((each) => `${each.getAttribute('data-drawn') ?? ''}: ${(each.getAttribute('aria-label') ?? each.textContent ?? '').trim().slice(0, 60)}`);
  const kind = (await element.getAttribute('data-drawn')) ?? '';
  visit.drawn[kind] = (visit.drawn[kind] ?? 0) + 1;
  await element.scrollIntoViewIfNeeded({ timeout: 2000 });
  const box = await element.boundingBox();
  return box === null ? null : { what, at: { x: box.x + box.width * (0.2 + 0.6 * visit.random()), y: box.y + box.height / 2 }, element };
}

const click = async (visit: Visit): Promise<string> => {
  const place = await draw(visit, clickable);
  if (place === null) return '';
  // On a link they are for the browser.
  const held = place.what.startsWith('DIV row') && visit.random() < 0.4 ? visit.one(['Shift', 'Control'] as const) : undefined;
  if (held) await visit.page.keyboard.down(held);
  await visit.page.mouse.click(place.at.x, place.at.y, { clickCount: visit.random() < 0.06 ? 2 : 1 });
  if (held) await visit.page.keyboard.up(held);
  return `${held ?? ''} ${place.what}`;
};

const contextMenu = async (visit: Visit): Promise<string> => {
  const place = await draw(visit, '[data-menu-area], [role=row], [role=listitem], button');
  if (place === null) return '';
  const kind = visit.random();
  if (kind < 0.6) await visit.page.mouse.click(place.at.x, place.at.y, { button: 'right' });
  else {
    await place.element.focus();
    await visit.page.keyboard.press(kind < 0.8 ? 'ContextMenu' : 'Shift+F10');
  }
  return `${kind.toFixed(2)} ${place.what}`;
};

/** Below the home folder of the machine, there or not: nobody here shares the whole machine. */
const somePath = (visit: Visit, home: string): string => join(home, visit.one(['Pictures', 'Documents', 'Documents/', 'Pictures/a.jpg', 'Nothing', 'Pictures/../Documents', ...pathsBelow(join(home, 'Pictures')).map((path) => join('Pictures', path))]) ?? '');

const type = async (visit: Visit): Promise<string> => {
  const place = await draw(visit, writable);
  if (place === null) return '';
  const isPath = await place.element.evaluate((field) => field.closest('.picker__path') !== null);
  const text = isPath ? somePath(visit, process.env['HOME'] ?? '') : visit.one(oddTexts) ?? '';
  const { keyboard } = visit.page;
  await visit.page.mouse.click(place.at.x, place.at.y);
  await keyboard.press('Control+A');
  await (text === '' ? keyboard.press('Delete') : keyboard.insertText(text));
  const end = visit.one(['', 'Enter', 'Enter', 'Tab', 'Escape']) ?? '';
  if (end !== '') await keyboard.press(end);
  return `${place.what} “${text.slice(0, 40)}” ${end}`;
};

const keys = async (visit: Visit): Promise<string> => {
  const pressed: string[] = [];
  for (let count = 1 + Math.floor(visit.random() * 6); count > 0; count--) {
    const key = visit.one(['Tab', 'Tab', 'Tab', 'Shift+Tab', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End', 'PageDown', 'Enter', 'Space', 'Escape', 'Delete', 'Backspace', 'F2', 'Control+A', 'Shift+ArrowDown', 'Control+ArrowDown', 'f', 'm', '2']) ?? 'Tab';
    await visit.page.keyboard.press(key);
    pressed.push(key);
  }
  return pressed.join(' ');
};

const go = async (visit: Visit): Promise<string> => {
  const { page } = visit;
  const kind = visit.random();
  if (kind < 0.3) {
    await (kind < 0.2 ? page.goBack({ timeout: 5000 }) : page.goForward({ timeout: 5000 })).catch(() => null);
    // What a tab began with.
    if (!page.url().startsWith('http')) await page.goForward();
    await page.waitForSelector('main h1', { state: 'attached' });
  }
  else if (kind < 0.36) {
    await page.reload();
    await page.waitForSelector('main h1', { state: 'attached' });
  } else {
    const peers = [...visit.host.person.lists.peers.keys()];
    const places = ['/', '/browse', '/search', '/transfers', '/shares', '/rooms', '/settings', ...peers.map((peer) => `/browse/${peer}`), ...peers.map((peer) => `/browse/${peer}`)];
    const odd = ['/rooms/none', '/browse/nobody', '/nothing/here?x=%E0%A4', '/search?q=', '/search?q=%3Cb%3E&prefill=x', '/rooms?invitation=distrishare://room/none', '/shares?add=folder', `/browse/${peers[0] ?? ''}?path=..%2F..%2Fx`];
    const place = visit.one(visit.random() < 0.12 ? odd : places) ?? '/';
    await page.evaluate((to) => { window.location.hash = to; }, place);
    return place;
  }
  return `${kind.toFixed(2)} ${page.url()}`;
};

/** Every layer above the page goes with Escape, one after the other. */
const escape = async (visit: Visit): Promise<string> => {
  const { page } = visit;
  const { layers } = await page.evaluate(focusNow);
  let now = layers;
  for (let presses = 0; now > 0 && presses < layers + 2; presses++) {
    await page.keyboard.press('Escape');
    for (let tries = 0; tries < 15; tries++) {
      const next = await page.evaluate(focusNow);
      const isLess = next.layers < now;
      now = next.layers;
      if (isLess) break;
      await sleep(100);
    }
  }
  if (now > 0) visit.say(`Escape does not close ${await page.evaluate(() => [...document.querySelectorAll('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]')].at(-1)?.outerHTML.slice(0, 300) ?? '')}`);
  return layers === 0 ? '' : `${layers} layers`;
};

const resize = async (visit: Visit): Promise<string> => {
  const size = visit.one([{ width: 1280, height: 800 }, { width: 900, height: 600 }, { width: 1024, height: 700 }, { width: 1023, height: 620 }, { width: 640, height: 700 }, { width: 390, height: 780 }, { width: 360, height: 640 }]) ?? { width: 900, height: 600 };
  await visit.page.setViewportSize(size);
  return `${size.width}×${size.height}`;
};

const look = async (visit: Visit): Promise<string> => {
  const wish = { colorScheme: visit.one(['light', 'dark'] as const) ?? 'light', reducedMotion: visit.one(['reduce', 'no-preference'] as const) ?? 'reduce' };
  await visit.page.emulateMedia(wish);
  await visit.host.person.call('settings.set', { patch: visit.random() < 0.5 ? { language: visit.one(['en', 'es'] as const) ?? 'en' } : { theme: visit.one(['system', 'light', 'dark'] as const) ?? 'system' } });
  return JSON.stringify(wish);
};

async function dropFiles(page: Page, at: { x: number; y: number }, names: readonly string[]): Promise<void> {
  await page.evaluate(({ x, y, names: each }) => {
    const dataTransfer = new DataTransfer();
    for (const name of each) dataTransfer.items.add(new File([name.repeat(1 + name.length * 500)], name));
    const target = document.elementFromPoint(x, y) ?? document.body;
    for (const kind of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, clientX: x, clientY: y, dataTransfer }));
  }, { x: at.x, y: at.y, names });
}

const drop = async (visit: Visit): Promise<string> => {
  const place = await draw(visit, '[data-drop-person], main, article, h1');
  if (place === null) return '';
  const names = Array.from({ length: 1 + Math.floor(visit.random() * 3) }, (_, at) => `${at} ${visit.one(['note.txt', 'ünï 🎈.dat', '<i>x</i>.html', 'empty']) ?? ''}`);
  await dropFiles(visit.page, place.at, names);
  return `${names.join(', ')} on ${place.what}`;
};

const tabs = async (visit: Visit): Promise<string> => {
  const [first] = visit.pages;
  if (first !== undefined && visit.pages.length > 1) {
    if (visit.random() < 0.5) await visit.close();
    else visit.pages.push(...visit.pages.splice(0, 1));
    await visit.page.bringToFront();
    return `${visit.pages.length} open`;
  }
  await visit.open(false);
  return 'another one';
};

/** The node ends while its page is open, which says so, and starts anew at another address. */
const restart = async (visit: Visit): Promise<string> => {
  const { host, world } = visit;
  if (host.isBusy) return '';
  host.isBusy = true;
  visit.isHostAway = true;
  try {
    const signal = visit.one(['SIGTERM', 'SIGKILL'] as const) ?? 'SIGTERM';
    await host.person.end(signal);
    await visit.page.locator('main [role=alert], main [role=status]').filter({ hasText: 'DistriShare' }).first().waitFor({ timeout: 15_000 }).catch(() => { visit.say('the page does not say that its node is away'); });
    while (visit.pages.length > 0) await visit.close();
    await host.person.start();
    await connectAll(world, host);
    await visit.open(true);
    return signal;
  } finally {
    visit.isHostAway = false;
    host.isBusy = false;
  }
};

export const acts: readonly Act[] = [
  { name: 'click', weight: 50, does: click },
  { name: 'context menu', weight: 7, does: contextMenu },
  { name: 'type', weight: 12, does: type },
  { name: 'keys', weight: 14, does: keys },
  { name: 'go', weight: 9, does: go },
  { name: 'escape', weight: 8, does: escape },
  { name: 'resize', weight: 3, does: resize },
  { name: 'look', weight: 1.5, does: look },
  { name: 'drop', weight: 2, does: drop },
  { name: 'tabs', weight: 1.2, does: tabs },
  { name: 'aim', weight: 32, does: aim },
  { name: 'restart', weight: 0.6, does: restart },
];
