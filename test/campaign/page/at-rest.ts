import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { shownName } from '#shared/names.ts';
import type { Lists } from '../monkey/lists.ts';
import { shownOnSheet } from './in-page.ts';
import { textsOf } from './reach.ts';
import type { Visit } from './visit.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What changes comes to a page at most twice a second; the rest is patience with a busy machine. */
const agreeWithinMs = 20_000;
const nameless = textsOf('ui.rooms.unnamed');
/** Times that pass, and speeds that go down by themselves. */
const passing = /^(hace |dentro de )?[\d.,]+\s?(B|kB|KB|KiB|MB|MiB|ms|s|min|h)(\/s)?( ago| ahora)?.*$|ago$|^hace|seen|visto|^ahora|^now|^in \d/i;

async function show(page: Page, place: string): Promise<void> {
  await page.evaluate((to) => { window.location.hash = to; }, place);
  await page.waitForFunction(() => document.querySelector('main h1') !== null);
}

async function untilEmpty(find: () => Promise<string[]>): Promise<string[]> {
  for (const until = performance.now() + agreeWithinMs; ;) {
    const found = await find();
    if (found.length === 0 || performance.now() > until) return found;
    await sleep(700);
  }
}

const difference = (what: string, a: readonly string[], b: readonly string[]): string[] => {
  const [more, less] = [a.filter((each) => !b.includes(each)), b.filter((each) => !a.includes(each))];
  return more.length + less.length === 0 && a.length === b.length ? [] : [`${what}: the page shows ${a.length} with ${JSON.stringify(more.slice(0, 5))}, ${b.length} are there with ${JSON.stringify(less.slice(0, 5))}`];
};

const labels = (page: Page, selector: string): Promise<string[]> => page.evaluate((wanted) => [...document.querySelectorAll(wanted)].map((each) => each.getAttribute('aria-label') ?? each.getAttribute('title') ?? each.textContent ?? ''), selector);

/** Counts, names and states of lists on the page against what a face that asks now is told. */
async function agreement(visit: Visit, page: Page): Promise<string[]> {
  const listed = (): Promise<Lists> => visit.host.person.listed();
  const isOver = ({ state }: { state: string }): boolean => state === 'done' || state === 'cancelled';
  const found: string[] = [];
  await show(page, '/shares');
  found.push(...await untilEmpty(async () => difference('shares', await labels(page, 'main article.share'), [...(await listed()).shares.values()].map(({ name }) => name))));
  await show(page, '/rooms');
  found.push(...await untilEmpty(async () => difference('rooms', (await labels(page, 'main article.room')).map((label) => (nameless.includes(label) ? 'unnamed' : label)).sort(), [...(await listed()).rooms.values()].map(({ name, state }) => (state === 'looking' && name === '' ? 'unnamed' : name)).sort())));
  await show(page, '/');
  found.push(...await untilEmpty(async () => difference('people', await labels(page, 'main article.person:not(.person--away)'), [...(await listed()).peers.values()].filter(({ online, trust }) => online && trust !== 'blocked').map(({ name }) => name))));
  await show(page, '/transfers');
  const states = (): Promise<string[]> => page.evaluate(() => [...document.querySelectorAll('main .transfer')].map((row) => `${row.querySelector('.middle')?.getAttribute('title') ?? ''} ${[...row.classList].find((each) => /^transfer--(?!over|still)/.test(each)) ?? ''}`));
  for (const [at, over] of [false, true].entries()) {
    await page.locator('main .segments__item').nth(at).click();
    found.push(...await untilEmpty(async () => {
      const wanted = [...(await listed()).transfers.values()].filter((transfer) => isOver(transfer) === over);
      const shown = await states();
      const count = Number(((await page.locator('main .segments__count').nth(at).textContent()) ?? '').replace(/\D/g, ''));
      const all = wanted.map(({ name, state }) => `${shownName(name)} transfer--${state}`);
      // Only rows that can be seen are there; pushes stand among those under way.
      const strange = shown.filter((each) => !all.includes(each) && !each.endsWith(' '));
      const rest = over && count !== wanted.length ? [`finished: the page counts ${count} of ${wanted.length}`] : [];
      return [...(strange.length > 0 ? [`transfers: the page shows ${JSON.stringify(strange)} beside ${JSON.stringify(all.slice(0, 20))}`] : []), ...rest];
    }));
  }
  return found;
}

/** Every place as this tab, which lived through everything, and one that was opened just now show it. */
async function sameAsFresh(visit: Visit, page: Page): Promise<string[]> {
  const fresh = await visit.context.newPage();
  try {
    await fresh.setViewportSize(page.viewportSize() ?? { width: 1280, height: 800 });
    await fresh.goto(`${new URL(page.url()).origin}/`);
    await fresh.waitForSelector('main h1');
    const found: string[] = [];
    for (const place of ['/', '/browse', '/transfers', '/shares', '/rooms', '/settings', ...[...visit.host.person.lists.peers.keys()].map((peer) => `/browse/${peer}`)]) {
      await Promise.all([show(page, place), show(fresh, place)]);
      found.push(...await untilEmpty(async () => {
        const [old, now] = await Promise.all([page.evaluate(shownOnSheet), fresh.evaluate(shownOnSheet)]);
        const [a, b] = [old, now].map((text) => text.split('\n').filter((line) => !passing.test(line)));
        return JSON.stringify(a) === JSON.stringify(b) ? [] : difference(`${place} against a new tab`, a ?? [], b ?? []);
      }));
    }
    return found;
  } finally {
    await fresh.close();
  }
}

async function accessible(page: Page): Promise<string[]> {
  const found: string[] = [];
  // What is told of something under the mouse lies beside the page.
  await page.mouse.move(0, 0);
  await page.evaluate(axe);
  for (const place of ['/', '/browse', '/transfers', '/shares', '/rooms', '/settings']) {
    await show(page, place);
    await page.waitForFunction(() => document.getAnimations().every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().endTime === Infinity));
    const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>('axe.run(document, { resultTypes: ["violations"] })');
    found.push(...violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, target }) => `axe ${place} ${id}: ${help}: ${html.slice(0, 200)} at ${target.join(' ')}`)));
    if (violations.length > 0) found.push(`above the page: ${JSON.stringify(await page.evaluate(() => [...document.querySelectorAll('[data-reka-popper-content-wrapper]')].map((each) => each.outerHTML.slice(0, 600))))}`);
  }
  return found;
}

/** Everybody stands still: what the page shows agrees with what the node says, with what a new page shows, and is for everybody. */
export async function checkPageAtRest(visit: Visit): Promise<void> {
  const { page, world } = visit;
  for (const { person } of world.people) if (person.isUp) await person.call('transfers.pauseAll', { paused: true });
  await sleep(1500);
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const find of [() => agreement(visit, page), () => sameAsFresh(visit, page), () => accessible(page)]) for (const each of await find()) visit.say(each);
  for (const { person } of world.people) if (person.isUp) await person.call('transfers.pauseAll', { paused: false });
}
