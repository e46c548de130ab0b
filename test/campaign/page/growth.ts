import type { CDPSession, Page } from 'playwright-core';
import { MiB } from '#shared/units.ts';

interface Held { readonly heap: number; readonly nodes: number; readonly listeners: number }

async function heldBy(session: CDPSession): Promise<Held> {
  for (let times = 0; times < 3; times++) await session.send('HeapProfiler.collectGarbage');
  const [{ usedSize }, { nodes, jsEventListeners }] = [await session.send('Runtime.getHeapUsage'), await session.send('Memory.getDOMCounters')];
  return { heap: usedSize, nodes, listeners: jsEventListeners };
}

/** Through every place, with what opens there. */
async function tour(page: Page, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    for (const place of ['/browse', '/transfers', '/shares', '/rooms', '/settings', '/']) {
      await page.evaluate((to) => { window.location.hash = to; }, place);
      await page.waitForFunction(() => document.querySelector('main h1') !== null);
      const menu = page.locator('main [aria-haspopup=menu]').first();
      if (await menu.isVisible()) {
        await menu.click({ timeout: 3000 }).catch(() => undefined);
        await page.keyboard.press('Escape');
      }
    }
  }
}

const rounds = 8;
/** Per round nothing may stay; what collects over all of them is for what a browser does at its leisure. */
const spare: Held = { heap: 1.5 * MiB, nodes: 400, listeners: 60 };

/** What a page holds more after many ways through it. */
export async function checkGrowth(page: Page): Promise<{ told: string; wrong: string[] }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await tour(page, 3);
  const before = await heldBy(session);
  await tour(page, rounds);
  const after = await heldBy(session);
  await session.detach();
  const told = `after ${rounds} more ways through the page ${((after.heap - before.heap) / MiB).toFixed(2)} MiB of ${(before.heap / MiB).toFixed(1)}, ${after.nodes - before.nodes} nodes of ${before.nodes}, ${after.listeners - before.listeners} listeners of ${before.listeners}`;
  const isMore = after.heap - before.heap > spare.heap || after.nodes - before.nodes > spare.nodes || after.listeners - before.listeners > spare.listeners;
  return { told, wrong: isMore ? [`grows: ${told}`] : [] };
}
