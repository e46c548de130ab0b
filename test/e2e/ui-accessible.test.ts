import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openUiSite } from './ui-site.ts';
import type { UiSite } from './ui-site.ts';

/** Knows what screen readers, keyboards and eyes need (WCAG 2.2 A and AA, and its own best practices). */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let site: UiSite;
beforeAll(async () => { site = await openUiSite(); });
afterAll(() => site.close());

/** What it finds on the whole page, or in one place of it, once nothing fades in or out any more: half faded in, no text has its contrast. */
async function findings(page: Page, place = 'document'): Promise<string[]> {
  await page.waitForFunction(() => document.getAnimations().every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().endTime === Infinity));
  const found = await page.evaluate<Pick<AxeResults, 'violations'>>(`axe.run(${place}, { resultTypes: ['violations'] })`);
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html.slice(0, 200)}`));
}
/** A place: what lies above everything else. */
const topmost = '[...document.querySelectorAll("[role=dialog], [role=menu]")].at(-1)';

it.each([
  { theme: 'light', lang: 'en', width: 1280, height: 800 },
  { theme: 'dark', lang: 'es', width: 900, height: 600 },
])('every page is for everybody: names, roles, contrast, order ($theme)', async ({ theme, lang, width, height }) => {
  const page = await site.browser.newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
  await page.goto(`${site.url}?theme=${theme}&lang=${lang}&still#/`);
  await page.waitForSelector('.page');
  await page.evaluate(axe);
  for (const area of ['nearby', 'browse', 'search?q=porto%20roll', 'transfers', 'shares', 'rooms', 'settings']) {
    await page.evaluate((to) => { window.location.hash = to; }, area === 'nearby' ? '/' : `/${area}`);
    await page.waitForFunction((wanted) => document.querySelector('main')?.dataset['area'] === wanted && document.querySelector('main h1') !== null, area.split('?')[0]);
    expect([area, await findings(page)]).toEqual([area, []]);
  }
  await page.close();
});

it.each([
  { area: '', menu: 'More about Amber Falcon', item: 'Limit the speed…', opener: 'What happened' },
  { area: 'transfers', menu: 'More about Field recordings 2025', item: 'Choose files…', opener: 'Speed limits: No limit' },
  { area: 'shares', menu: 'More about Lisbon 2026', item: 'Rename…', opener: 'Seen by: 2 people. Change' },
])('what opens above a page is for everybody, too: $menu, $item, $opener', async ({ area, menu, item, opener }) => {
  const page = await site.browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  await page.goto(`${site.url}?theme=light&lang=en&still#/${area}`);
  await page.getByRole('button', { name: menu, exact: true }).click();
  await page.evaluate(axe);
  expect(await findings(page, topmost)).toEqual([]);
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog').waitFor();
  expect(await findings(page, topmost)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: opener, exact: true }).click();
  await page.getByRole('dialog').waitFor();
  expect(await findings(page, topmost)).toEqual([]);
  await page.close();
});
