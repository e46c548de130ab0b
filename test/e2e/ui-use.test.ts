import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {} from '../src-renderer/fake-node.ts';
import { openUiSite } from './ui-site.ts';
import type { UiSite } from './ui-site.ts';

let site: UiSite;
beforeAll(async () => { site = await openUiSite(); });
afterAll(() => site.close());

async function open(address: string): Promise<Page> {
  const page = await site.browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${site.url}${address}`);
  await page.waitForSelector('.page');
  return page;
}
const calls = (page: Page, name: string): Promise<unknown[]> => page.evaluate((wanted) => window.fakeNode.calls.filter((call) => call.name === wanted).map((call) => call.args), name);
const focusName = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');

async function openFolder(page: Page, name: string, path: string): Promise<void> {
  await page.evaluate(([person, folder]) => {
    const id = window.fakeNode.world.peers.find((peer) => peer.name === person)?.id ?? '';
    window.location.hash = `/browse/${id}?path=${encodeURIComponent(folder ?? '')}`;
  }, [name, path]);
  await page.getByRole('gridcell').first().waitFor();
}

describe('with the keyboard alone', () => {
  it('skips to the content, searches from anywhere, and answers an offer', async () => {
    const page = await open('?lang=en&still#/');
    await page.keyboard.press('Tab');
    expect(await focusName(page)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('sheet');

    await page.keyboard.press('Control+k');
    await page.keyboard.type('porto roll');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'porto roll', exact: true }).waitFor();
    expect(await calls(page, 'search.start')).toMatchObject([{ words: 'porto roll' }]);

    await page.getByRole('button', { name: 'Decline' }).focus();
    await page.keyboard.press('Enter');
    expect(await calls(page, 'offers.decline')).toHaveLength(1);
    // What else is offered does not take the keyboard: whoever holds a key a moment too long would answer it, too.
    await expect.poll(() => focusName(page)).toBe('porto roll');
    // It is there to be read from; a ring would say that it can be used.
    expect(await page.evaluate(() => { const head = document.activeElement ?? document.body; return [head.tagName, getComputedStyle(head).boxShadow, getComputedStyle(head).outlineStyle]; })).toEqual(['H1', 'none', 'none']);
    await page.getByRole('region', { name: /sent you a text$/ }).waitFor();
    await page.close();
  });

  it('reaches everything on Nearby in order, and every stop shows its ring', async () => {
    const page = await open('?lang=en&still&quiet#/');
    const stops: string[] = [];
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press('Tab');
      stops.push(await focusName(page));
      const ring = await page.evaluate(() => { const element = document.activeElement; return element ? getComputedStyle(element).boxShadow !== 'none' || getComputedStyle(element.parentElement ?? element).boxShadow !== 'none' : false; });
      expect([stops.at(-1), ring]).toEqual([stops.at(-1), true]);
    }
    const at = (name: string): number => stops.findIndex((stop) => stop.startsWith(name));
    expect(at('DistriShare')).toBeLessThan(at('Search everybody'));
    expect(at('Search everybody')).toBeLessThan(at('Transfers'));
    expect(at('Transfers')).toBeLessThan(at('Add by address'));
    expect(at('Add by address')).toBeLessThan(at('More about Amber Falcon'));
    expect(at('More about Amber Falcon')).toBeLessThan(at('More about Coral Heron'));
    await page.close();
  });

  it('goes from a person into folders and out again by arrows and Enter, without looking for the list each time', async () => {
    const page = await open('?lang=en&still&quiet#/');
    // As from another device: each list takes a moment, for which something else stands in its place.
    await page.evaluate(() => {
      const { api } = window.fakeNode;
      const { call } = api;
      api.call = async (name, args, options) => {
        if (name === 'browse.list') await new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); });
        return call(name, args, options);
      };
    });
    await page.getByRole('button', { name: 'Browse Amber Falcon' }).focus();
    await page.keyboard.press('Enter');
    for (const folder of ['Film scans', '2024']) {
      await page.getByRole('row', { name: new RegExp(`^${folder}`) }).waitFor();
      await expect.poll(() => focusName(page)).toBe('Files and folders');
      const active = (): Promise<string> => page.evaluate(() => document.querySelector('.entry--active')?.textContent?.trim() ?? '');
      for (let step = 0; step < 10 && !(await active()).startsWith(folder); step++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: folder, exact: true }).waitFor();
    }
    await page.getByText('Porto roll 07').waitFor();
    await expect.poll(() => focusName(page)).toBe('Files and folders');
    await page.keyboard.press('Backspace');
    await page.getByRole('row', { name: /^2024/ }).waitFor();
    await page.close();
  });

  it('finds an entry by the beginning of its name, and does with it what a right click offers', async () => {
    const page = await open('?lang=en&still&quiet#/');
    await openFolder(page, 'Amber Falcon', '');
    await page.getByRole('grid').focus();
    const active = (): Promise<string> => page.evaluate(() => document.querySelector('.entry--active bdi')?.getAttribute('title') ?? '');
    const names = await page.locator('.entry bdi').evaluateAll((all) => all.map((name) => name.getAttribute('title') ?? ''));
    const last = names.at(-1) ?? '';
    await page.keyboard.type(last.slice(0, 4).toLowerCase());
    expect(await active()).toBe(last);
    await page.keyboard.press('ContextMenu');
    await page.getByRole('menuitem', { name: 'Download', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => focusName(page)).toBe('Files and folders');
    await page.getByRole('row').nth(1).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Download', exact: true }).click();
    await expect.poll(async () => (await calls(page, 'transfers.start')).length).toBe(1);
    expect(JSON.stringify(await calls(page, 'transfers.start'))).toContain(names[0]);
    // What is chosen is fetched together.
    await page.keyboard.press('Control+a');
    await page.getByRole('row').nth(1).click({ button: 'right' });
    expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Download', 'Download to…']);
    await page.close();
  });

  it('meets no two buttons of one page that say the same: each says of whom or of what it is', async () => {
    const page = await open('?lang=en&still&quiet#/');
    for (const [route, row] of [['/', '.person'], ['/transfers', '.transfer'], ['/search?q=porto%20roll', '.hit'], ['/shares', '.share'], ['/rooms', '.room']] as const) {
      await page.evaluate((to) => { window.location.hash = to; }, route);
      if (route.startsWith('/search')) await page.getByText('Still asking').waitFor();
      await page.evaluate(() => window.fakeNode.advance(3000));
      await page.locator(`main ${row}`).first().waitFor();
      const names = await page.locator('main button:visible').evaluateAll((buttons) => buttons.map((button) => (button.getAttribute('aria-label') ?? button.textContent ?? '').trim()));
      expect([route, names.filter((name, index) => names.indexOf(name) !== index)]).toEqual([route, []]);
      expect(names.length).toBeGreaterThan(4);
    }
    await page.evaluate(() => { window.location.hash = '/settings'; });
    await page.getByRole('group', { name: 'Alternative limits' }).getByRole('switch', { name: 'Receiving' }).waitFor();
    await page.getByRole('group', { name: 'Speed limits' }).getByRole('switch', { name: 'Receiving' }).waitFor();
    await page.getByRole('group', { name: 'Protect my ping' }).getByRole('switch', { name: 'Add at most' }).waitFor();
    await page.close();
  });

  it('stays near what it took away: at the next row, at last at the head of the page', async () => {
    const page = await open('?lang=en&still&quiet#/shares');
    const names = await page.locator('article.share').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
    expect(names.length).toBeGreaterThan(2);
    // The second first, then whatever is next, and of the last the one before.
    const order = [names[1], ...names.slice(2), names[0]];
    for (const [at, name] of order.entries()) {
      await page.getByRole('button', { name: `More about ${name}` }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByRole('alertdialog').getByRole('button', { name: 'Stop sharing' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: `More about ${name}` }).waitFor({ state: 'detached' });
      const next = order[at + 1];
      await expect.poll(() => focusName(page)).toBe(next === undefined ? 'Shares' : `More about ${next}`);
    }
    await page.close();
  });

  it('stays near what ended by itself, also while it is asked about, and is left alone where somebody clicks nowhere', async () => {
    const page = await open('?lang=en&still&quiet#/transfers');
    const rows = page.getByRole('button', { name: /^More about/ });
    const [first = '', second] = await rows.evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label') ?? ''));
    await rows.first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').waitFor();
    await page.evaluate((label) => {
      const { world, emit } = window.fakeNode;
      for (const { id, name } of world.transfers) if (label.endsWith(` ${name}`)) emit({ type: 'transfers-gone', direction: 'down', ids: [id] });
    }, first);
    await page.keyboard.press('Escape');
    await expect.poll(() => focusName(page)).toBe(second);
    // An empty place of the strip below.
    await page.mouse.click(620, 786);
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
    await rows.first().evaluate((button) => { button.remove(); });
    await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 20); }));
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
    await page.close();
  });

  it('opens a dialog, keeps the focus in it, and gives it back on Esc', async () => {
    const page = await open('?lang=en&still&quiet#/');
    const opener = page.getByRole('button', { name: 'Add by address' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.querySelector('[role=dialog]')?.contains(document.activeElement))).toBe(true);
    }
    // On a button with a tooltip the first Esc closes that; a field has none.
    await page.getByRole('textbox', { name: 'Address of the other device' }).focus();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focusName(page)).toBe('Add by address');
    await page.close();
  });
});

describe('browsing', () => {
  it('scrolls through 100,000 rows holding only those in sight, and fetches no more than is looked at', async () => {
    const page = await open('?lang=en&still&quiet#/');
    await openFolder(page, 'Slate Lynx', 'Backups/photos-all');
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('100001');
    expect(await calls(page, 'browse.list')).toHaveLength(1);
    const frames = await page.evaluate(async () => {
      const list = document.querySelector('[role=rowgroup]');
      if (!list) return null;
      let most = 0;
      for (let step = 1; step <= 60; step++) {
        list.scrollTop = step * 500;
        await new Promise((resolve) => { requestAnimationFrame(resolve); });
        most = Math.max(most, list.querySelectorAll('[role=row]').length);
      }
      return { most, height: list.scrollHeight };
    });
    expect(frames?.height).toBeGreaterThan(3_500_000);
    expect(frames?.most).toBeGreaterThan(10);
    expect(frames?.most).toBeLessThan(100);
    expect((await calls(page, 'browse.list')).length).toBeLessThan(5);

    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await page.getByText('IMG_099999.mov').first().waitFor({ timeout: 30_000 });
    expect(await calls(page, 'browse.list')).toHaveLength(100);

    // The bar that comes with a choice lies over the end of the list, and never over the row that is gone to.
    await page.keyboard.press('Space');
    await page.keyboard.press('Home');
    await page.getByText('IMG_000000').first().waitFor();
    await page.keyboard.press('End');
    await page.getByText('IMG_099999.mov').first().waitFor();
    const bar = await page.getByRole('toolbar', { name: 'Selection' }).boundingBox();
    await expect.poll(async () => { const row = await page.locator('.entry--active').boundingBox(); return row !== null && bar !== null && row.y + row.height <= bar.y; }).toBe(true);
    await page.close();
  });

  it('shows whose folder it is and which, however long names are and however little room there is', async () => {
    const page = await open('?lang=en&still&quiet#/');
    await page.evaluate(() => {
      const { world, emit } = window.fakeNode;
      const peer = world.peers.find(({ name }) => name === 'Amber Falcon');
      if (peer) emit({ type: 'peer', peer: { ...peer, name: 'Bartholomew Featherstonehaugh’s old laptop' } });
    });
    for (const path of ['Film scans', 'Film scans/2024/Porto roll 07', 'Film scans/2024/Porto roll 07/Selects, graded, for the exhibition in the old harbour and whoever else asks']) {
      await openFolder(page, 'Amber Falcon', path);
      for (const [width, height] of [[1280, 800], [900, 600], [390, 844]] as const) {
        await page.setViewportSize({ width, height });
        // What depends on the window's size otherwise than by its styles follows with the next frame, which a browser without a window may leave out.
        await page.evaluate(() => new Promise((resolve) => {
          requestAnimationFrame(() => { requestAnimationFrame(resolve); });
          setTimeout(resolve, 5000);
        }));
        await expect.poll(async () => {
          const parts = await page.locator('.crumbs button').evaluateAll((buttons) => buttons.map((button) => {
            const box = button.getBoundingClientRect();
            // What is written may be wider than its button: only an ellipsis keeps it off its neighbours.
            return { text: button.textContent, left: box.left, right: getComputedStyle(button).overflowX === 'hidden' ? box.right : box.left + button.scrollWidth };
          }));
          const cut = parts.filter(({ right }, index) => right > (parts[index + 1]?.left ?? width - 16));
          return { width, last: parts.at(-1)?.text, cut, small: parts.filter(({ left, right }) => right - left < 28) };
        }, { timeout: 20_000 }).toEqual({ width, last: path.split('/').at(-1), cut: [], small: [] });
      }
    }
    await page.close();
  });

  it('chooses rows with keys and pointer and says what will really be fetched', async () => {
    const page = await open('?lang=en&still&quiet#/');
    await openFolder(page, 'Amber Falcon', 'Film scans/2024/Porto roll 07');
    await page.getByRole('row', { name: /porto07_002\.tif/ }).click({ position: { x: 400, y: 18 } });
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('3 selected').waitFor();
    expect((await page.getByRole('toolbar', { name: 'Selection' }).innerText()).replaceAll('\u00a0', ' ')).toMatch(/1\.42 GB, of which 94\d MB to fetch/);
    await page.getByRole('toolbar').getByRole('button', { name: 'Download', exact: true }).click();
    await page.getByText('2 downloads started').waitFor();
    expect(await calls(page, 'transfers.start')).toMatchObject([{ source: { kind: 'path', path: 'Film scans/2024/Porto roll 07/porto07_002.tif' } }, { source: { path: 'Film scans/2024/Porto roll 07/porto07_003.tif' } }]);
    await page.getByRole('grid').focus();
    await page.keyboard.press('Backspace');
    await page.getByText('Porto roll 06').waitFor();
    await page.close();
  });
});

describe('getting something without choosing first', () => {
  it('goes from a person to what they have, and takes one row, or the whole folder that is open', async () => {
    const page = await open('?lang=en&still&quiet#/');
    await page.getByRole('heading', { name: 'Amber Falcon' }).click();
    await page.getByRole('row', { name: /Film scans/ }).hover();
    // The list of what somebody shares is no folder to take as a whole.
    expect(await page.getByRole('button', { name: 'Download folder' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Download Film scans' }).click();
    await page.getByText('1 download started').waitFor();

    await openFolder(page, 'Amber Falcon', 'Film scans/2024/Porto roll 07');
    await page.getByRole('button', { name: 'Download folder' }).click();
    await expect.poll(() => calls(page, 'transfers.start')).toMatchObject([{ source: { kind: 'path', path: 'Film scans', known: { kind: 'folder' } } }, { source: { kind: 'path', path: 'Film scans/2024/Porto roll 07', known: { kind: 'folder' } } }]);
    // What is chosen is downloaded below the list, and that is one way at a time.
    await page.getByRole('row').nth(4).click({ position: { x: 12, y: 18 } });
    await page.getByRole('toolbar', { name: 'Selection' }).waitFor();
    expect(await page.getByRole('button', { name: 'Download folder' }).count()).toBe(0);
    await page.close();
  });
});

describe('handing over files', () => {
  const hold = (page: Page, selector: string, drop: boolean): Promise<void> => page.evaluate(([wanted, last]) => {
    const target = document.querySelector(String(wanted));
    const transfer = new DataTransfer();
    transfer.items.add(new File(['x'], 'clip.mov'));
    for (const type of ['dragenter', 'dragover', ...(last ? ['drop'] : [])]) target?.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }, [selector, drop] as const);

  it('shows over whom they are held, and sends them there', async () => {
    const page = await open('?lang=en&still&quiet#/');
    // What a desktop window has: the path of a dropped file.
    await page.evaluate(() => { Object.assign(window, { distrishare: { platform: 'linux', send() {}, onMessage: () => () => {}, pathForFile: (file: File) => `/home/jade/${file.name}` } }); });
    await hold(page, 'article', false);
    await page.getByText('Drop to send to Amber Falcon').waitFor();
    await hold(page, 'article', true);
    await page.getByText('Amber Falcon is asked about 1 item').waitFor();
    expect(await calls(page, 'offers.send')).toMatchObject([{ paths: ['/home/jade/clip.mov'] }]);

    await hold(page, 'h1', true);
    const dialog = page.getByRole('dialog', { name: 'Send 1 item to' });
    await dialog.getByRole('checkbox', { name: /Slate Lynx/ }).click();
    await dialog.getByRole('checkbox', { name: /Moss Badger/ }).click();
    await dialog.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => calls(page, 'offers.send')).toHaveLength(3);
    await page.close();
  });

  it('takes them in over the web first when the page is a browser’s', async () => {
    const page = await open('?lang=en&still&quiet#/shares');
    await page.route('**/upload/**', (route) => route.fulfill({ status: 201, contentType: 'application/json', body: JSON.stringify({ path: '/data/outbox/1/clip.mov', root: '/data/outbox/1/clip.mov' }) }));
    await hold(page, 'h1', true);
    const dialog = page.getByRole('dialog', { name: 'Who may see “clip.mov”?' });
    expect(await dialog.getByRole('button', { name: 'Share' }).isDisabled()).toBe(true);
    await dialog.getByRole('radio', { name: /Trusted people/ }).click();
    await dialog.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('heading', { name: 'clip.mov' }).waitFor();
    expect(await calls(page, 'shares.add')).toMatchObject([{ path: '/data/outbox/1/clip.mov', audience: { kind: 'devices', devices: [] } }]);
    await page.close();
  });
});

it('says on a phone whom a download comes from, by whole names', async () => {
  const page = await open('?lang=es&still&quiet#/transfers');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: /^Detalles: ubuntu/ }).click();
  const names = page.locator('tbody th .t-strong');
  await names.first().waitFor();
  // Names give way in their first part.
  const cut = await names.evaluateAll((all) => all.filter((name) => [name, ...name.querySelectorAll('*')].some((part) => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== 'visible')).map((name) => name.textContent));
  expect([await names.count(), cut]).toEqual([4, []]);
  await page.close();
});

describe('searching', () => {
  it('keeps rows where they are while they are pointed at', async () => {
    const page = await open('?lang=en&still&quiet#/search?q=porto%20roll');
    const names = (): Promise<string[]> => page.locator('.hit').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
    await page.getByText('Still asking').waitFor();
    await page.evaluate(() => window.fakeNode.advance(500));
    await page.locator('.hit').first().hover();
    const before = await names();
    expect(before.length).toBeGreaterThan(1);
    await page.evaluate(() => window.fakeNode.advance(3000));
    await expect.poll(async () => (await names()).length).toBeGreaterThan(before.length);
    expect((await names()).slice(0, before.length)).toEqual(before);
    await page.mouse.move(5, 795);
    await page.getByText('Results move only when you are not pointing at them.').waitFor({ state: 'detached' });
    await page.close();
  });
});

it('a page of another version than its node says so once, offers to load itself again, and then says what else helps', async () => {
  const page = await open('?lang=en&still&quiet#/');
  const update = (): Promise<void> => page.evaluate(() => { const { world, emit } = window.fakeNode; emit({ type: 'status', status: { ...world.status(), version: '9.9.9' } }); });
  expect(await page.getByText('DistriShare was updated.').count()).toBe(0);
  await update();
  const banner = page.getByRole('alert').filter({ hasText: 'DistriShare was updated. Reload this page to go on.' });
  await Promise.all([page.waitForEvent('load'), banner.getByRole('button', { name: 'Reload this page' }).click()]);
  await page.waitForSelector('.page');
  await update();
  await page.getByRole('alert').filter({ hasText: 'Quit DistriShare and start it again to go on.' }).waitFor();
  expect(await page.getByRole('button', { name: 'Reload this page' }).count()).toBe(0);
  await page.close();
});
