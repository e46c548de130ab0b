import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {} from '../src-renderer/fake-node.ts';
import { openUiSite } from './ui-site.ts';
import type { UiSite } from './ui-site.ts';

let site: UiSite;
let shots: string;
beforeAll(async () => {
  site = await openUiSite();
  shots = await mkdtemp(join(tmpdir(), 'distrishare-ui-'));
});
afterAll(async () => {
  await site.close();
  await rm(shots, { recursive: true });
});

const routes = ['/', '/browse', '/search?q=porto%20roll', '/transfers', '/shares', '/settings'];
const sizes = [[1280, 800], [900, 600], [390, 844]] as const;

/** Opens the UI and collects everything the browser complains about: errors, warnings, breaches of the content policy. */
async function open(address: string, [width, height]: readonly [number, number]): Promise<{ page: Page; complaints: string[]; close: () => Promise<void> }> {
  const context = await site.browser.newContext({ viewport: { width, height }, hasTouch: width < 640 });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${site.url}${address}`);
  await page.waitForSelector('.page');
  return { page, complaints, close: () => context.close() };
}

/** Things a screen reader or a finger would stumble over. */
const defects = (page: Page): Promise<string[]> => page.evaluate(() => {
  const seen = (element: Element): boolean => element.getClientRects().length > 0;
  const describeElement = (element: Element): string => element.outerHTML.slice(0, 120);
  const found: string[] = [];
  for (const control of document.querySelectorAll('button, a, input, [role=switch], [role=radio], [role=checkbox]')) {
    const labelled = control.getAttribute('aria-labelledby');
    const name = control.getAttribute('aria-label') ?? (labelled ? document.getElementById(labelled)?.textContent : null) ?? control.closest('label')?.textContent ?? control.textContent ?? '';
    if (seen(control) && name.trim() === '') found.push(`no name: ${describeElement(control)}`);
  }
  if (document.documentElement.scrollWidth > window.innerWidth) found.push(`wider than the window by ${document.documentElement.scrollWidth - window.innerWidth}`);
  for (const sheet of document.querySelectorAll('.page')) if (sheet.scrollWidth > sheet.clientWidth) found.push(`a sheet that scrolls sideways by ${sheet.scrollWidth - sheet.clientWidth}`);
  if (document.querySelectorAll('main').length !== 1) found.push('not one main region');
  if (document.querySelectorAll('h1').length !== 1) found.push('not one page title');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size !== ids.length) found.push(`ids twice: ${ids.filter((id, index) => ids.indexOf(id) !== index).join(' ')}`);
  // A key of the catalogue on the screen means a text is missing.
  if (/\bui\.[a-z]+\.[a-zA-Z]+/.test(document.body.innerText)) found.push('a text is missing');
  return found;
});

describe.each(sizes)('every page at %i × %i', (...size) => {
  it.each(['light en', 'dark es'])('renders without a complaint under a strict content policy (%s)', async (look) => {
    const [theme = '', lang = ''] = look.split(' ');
    const { page, complaints, close } = await open(`?theme=${theme}&lang=${lang}&still#/`, size);
    for (const route of routes) {
      await page.evaluate((to) => { window.location.hash = to; }, route);
      const area = route.slice(1).split('?')[0] ?? '';
      await page.waitForFunction((wanted) => document.querySelector('main')?.dataset['area'] === wanted && document.querySelector('main h1') !== null, area === '' ? 'nearby' : area);
      // One frame for what is drawn after mounting: graphs, virtual rows.
      await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
      const shot = await page.screenshot({ path: join(shots, `${theme}-${size[0]}${route.replace(/\W+/g, '-')}.png`) });
      expect(shot.length).toBeGreaterThan(5000);
      expect([route, await defects(page)]).toEqual([route, []]);
      expect([route, complaints]).toEqual([route, []]);
      expect(await page.evaluate(() => [document.documentElement.dataset['theme'], document.documentElement.lang])).toEqual([theme, lang]);
    }
    await close();
  });
});

describe('the first run', () => {
  it('is one sentence and one action, and the action brings somebody', async () => {
    const { page, close } = await open('?empty&lang=en#/', [1280, 800]);
    await page.getByText('Open DistriShare on another device on this network and it appears here by itself.').waitFor();
    await page.getByRole('button', { name: 'Try it alone' }).click();
    await page.getByRole('heading', { name: 'Amber Falcon' }).waitFor();
    await page.getByRole('button', { name: 'End the trial' }).click();
    await page.getByRole('button', { name: 'Try it alone' }).waitFor();
    await close();
  });

  it('fits a phone', async () => {
    const { page, complaints, close } = await open('?empty&lang=es&still#/', [390, 844]);
    await page.getByRole('button', { name: 'Probar en solitario' }).waitFor();
    expect([await defects(page), complaints]).toEqual([[], []]);
    await close();
  });
});

it('an offer that nobody answers covers nothing for good: the end of a page can be scrolled above it', async () => {
  const { page, close } = await open('?lang=en&still#/settings', [390, 844]);
  await page.getByRole('button', { name: 'Options' }).click();
  const gap = (selector: string): Promise<number> => page.evaluate((last) => {
    for (const scroller of document.querySelectorAll('.page, .page .rows')) scroller.scrollTop = scroller.scrollHeight;
    const end = [...document.querySelectorAll(last)].at(-1)?.getBoundingClientRect().bottom ?? Infinity;
    return (document.querySelector('.offer')?.getBoundingClientRect().top ?? 0) - end;
  }, selector);
  expect(await gap('.page section')).toBeGreaterThanOrEqual(0);
  await page.evaluate(() => { window.location.hash = '/transfers'; });
  await page.locator('.transfer').first().waitFor();
  await expect.poll(() => gap('.transfer')).toBeGreaterThanOrEqual(0);
  await close();
});

describe('what has too little room', () => {
  /** Texts that end beyond the place they have. */
  const cut = (page: Page, selector: string): Promise<string[]> => page.evaluate((wanted) => [...document.querySelectorAll(wanted)].filter((element) => {
    const all = document.createRange();
    all.selectNodeContents(element);
    return all.getBoundingClientRect().right > Math.min(...[element, element.parentElement ?? element].filter((each) => getComputedStyle(each).overflowX === 'hidden').map((each) => each.getBoundingClientRect().right)) + 1;
  }).map((element) => element.textContent), selector);

  it.each(['en', 'es'])('gives way where it says least: a folder before the other name of a file, a path before a person (%s)', async (lang) => {
    const { page, close } = await open(`?quiet&still&lang=${lang}#/search?q=porto%20roll`, [1280, 800]);
    await page.locator('.asked__group').first().waitFor();
    await page.evaluate(() => { window.fakeNode.advance(4000); });
    await page.locator('.hit__other').first().waitFor();
    expect(await cut(page, '.hit__other')).toEqual([]);
    await page.evaluate(() => { window.location.hash = '/shares'; });
    await page.locator('.share .chip').first().click();
    await page.getByRole('radio').nth(1).click();
    expect([await page.locator('.people__name').count(), await cut(page, '.people__name > bdi')]).toEqual([9, []]);
    await close();
  });

  it('leaves columns below each other', async () => {
    const { page, close } = await open('?quiet&still&lang=en#/shares', [1280, 800]);
    const starts = await page.evaluate(() => [...document.querySelectorAll('.share .chip')].map((badge) => Math.round(badge.getBoundingClientRect().left)));
    expect([starts.length, new Set(starts).size]).toEqual([4, 1]);
    await close();
  });

  it('cuts a name from right to left at its end, and leaves it where others stand', async () => {
    const { page, close } = await open('?quiet&still&lang=en#/', [1280, 800]);
    const lefts = await page.evaluate(async () => {
      const [person] = window.fakeNode.world.peers;
      if (!person) throw new Error('nobody');
      const visible: [start: boolean, end: boolean, left: number][] = [];
      for (const name of ['مكتب فاطمة الزهراء للتصميم والطباعة والنشر', 'مكتب', 'Ann']) {
        window.fakeNode.emit({ type: 'peer', peer: { ...person, name } });
        await new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); });
        const heading = [...document.querySelectorAll('article h3')].find((each) => each.textContent === name);
        const text = document.createTreeWalker(heading ?? document.body, NodeFilter.SHOW_TEXT).nextNode();
        if (!heading || !text) throw new Error('not shown');
        const box = heading.getBoundingClientRect();
        const isIn = (at: number): boolean => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          const { left, right } = range.getBoundingClientRect();
          return left >= box.left - 1 && right <= box.right + 1;
        };
        const all = document.createRange();
        all.selectNodeContents(text);
        visible.push([isIn(0), isIn(name.length - 1), Math.round(Math.max(box.left, all.getBoundingClientRect().left) - box.left)]);
      }
      return visible;
    });
    expect(lefts).toEqual([[true, false, 0], [true, true, 0], [true, true, 0]]);
    await close();
  });

  it('has what was chosen beside what is known of one of it, not half below', async () => {
    const { page, close } = await open('?quiet&still&lang=en#/', [900, 600]);
    await page.evaluate(() => { window.location.hash = `/browse/${window.fakeNode.world.peers[0]?.id ?? ''}?path=${encodeURIComponent('Film scans/2024/Porto roll 07')}`; });
    await page.getByRole('row').nth(5).getByRole('gridcell').first().click();
    await page.keyboard.press('Enter');
    const [bar, details] = await Promise.all(['.selection', '.details'].map((each) => page.locator(each).boundingBox()));
    expect((bar?.x ?? Infinity) + (bar?.width ?? Infinity)).toBeLessThan(details?.x ?? 0);
    await close();
  });

  it('leaves out who answered where nobody could be asked', async () => {
    const { page, close } = await open('?empty&still&lang=en#/search?q=porto', [1280, 800]);
    await page.getByText('There is nobody to ask right now.').waitFor();
    expect(await page.getByText(/0 of 0|nothing yet|Any kind/).count()).toBe(0);
    await close();
  });
});

it('what happened fits its place, however long its words are', async () => {
  const { page, close } = await open('?lang=en&still#/', [900, 600]);
  await page.evaluate(() => {
    const { world, emit } = window.fakeNode;
    const [first] = world.transfers.filter(({ direction, state }) => direction === 'down' && state === 'running');
    if (first === undefined) throw new Error('nothing is fetched');
    const named = { ...first, name: `${'x'.repeat(200)}.mov` };
    emit({ type: 'transfer', transfer: { ...named, state: 'done' } });
    emit({ type: 'transfer', transfer: first });
    emit({ type: 'transfer', transfer: { ...first, state: 'failed', reason: { code: 'not-a-folder', params: { path: `/${'x'.repeat(200)}` } } } });
  });
  await page.getByRole('button', { name: /^What happened/ }).click();
  await page.locator('.bell__line').nth(1).waitFor();
  const wide = await page.locator('.bell__list, .toast').evaluateAll((places) => places.map((place) => [place.scrollWidth - place.clientWidth, place.textContent?.length ?? 0]));
  expect(wide.length).toBe(3);
  expect(wide.map(([over]) => over)).toEqual([0, 0, 0]);
  await close();
});

describe('a lost connection', () => {
  it('is said calmly, what was there stays, and it goes away by itself', async () => {
    const { page, close } = await open('?lang=en&still#/', [1280, 800]);
    await page.evaluate(() => { window.fakeNode.connection.value = 'lost'; });
    await page.getByText('Connection to DistriShare lost.').waitFor();
    expect(await page.getByRole('heading', { name: 'Amber Falcon', exact: true }).count()).toBe(1);
    await page.evaluate(() => { window.fakeNode.connection.value = 'connected'; });
    await page.getByText('Connection to DistriShare lost.').waitFor({ state: 'detached' });
    await close();
  });
});
