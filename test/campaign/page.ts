import { appendFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { KiB } from '#shared/units.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { Stage } from '../e2e/programs.ts';
import { checkOwnFiles } from './monkey/at-rest.ts';
import { circleOperations } from './monkey/circles.ts';
import { basicOperations } from './monkey/operations.ts';
import { work } from './monkey/work.ts';
import { openWorld, type World } from './monkey/world.ts';
import { acts } from './page/acts.ts';
import { checkPageAtRest } from './page/at-rest.ts';
import { buildDevPage, serveDevPage } from './page/dev-page.ts';
import { checkGrowth } from './page/growth.ts';
import { focusNow } from './page/in-page.ts';
import { isMissed } from './page/missed.ts';
import { Reach } from './page/reach.ts';
import { Visit } from './page/visit.ts';

/**
 * Somebody who does at random what can be done on the page of a real node, while two other nodes and another face of that node work. Says what was not as it should be.
 * Even seeds have the page as its developers have it, which complains, odd ones as its users have it, which must not grow.
 */
const { values } = parseArgs({ options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) }, rounds: { type: 'string', default: '1' }, seconds: { type: 'string', default: '60' }, keep: { type: 'boolean', default: false } } });
/** A round rests so many times. */
const spells = 2;
/** The node of the page is stopped by whoever is at the page. */
const ofHost = [...basicOperations, ...circleOperations].filter(({ name }) => !['restart', 'move destination', 'cancel', 'forget'].includes(name));

async function step(visit: Visit): Promise<void> {
  const { layers } = await visit.page.evaluate(focusNow);
  // Whoever opened something mostly goes on with it.
  const open = layers > 0 && visit.random() < 0.75 ? acts.filter(({ name }) => name === 'click' || name === 'type') : acts;
  let at = visit.random() * open.reduce((sum, { weight }) => sum + weight, 0);
  const act = open.find(({ weight }) => (at -= weight) < 0) ?? open[0];
  if (act === undefined) return;
  let outcome = '';
  try {
    outcome = await act.does(visit);
  } catch (error) {
    if (!isMissed(error)) throw error;
    outcome = `missed: ${error.message.split('\n')[0] ?? ''}`;
  }
  visit.reach.see(await visit.sight());
  if (outcome === '') return;
  visit.steps++;
  visit.log(`${act.name}: ${outcome}`);
  await sleep(visit.random() * 120);
  await visit.check({ layers, isPointed: !['keys', 'escape'].includes(act.name) });
  // Nobody shares the whole machine here.
  const path = visit.page.locator('.picker__path input');
  if ((await path.count()) > 0 && !(await path.first().inputValue()).startsWith(process.env['HOME'] ?? '')) await visit.page.keyboard.press('Escape');
}

async function spell(world: World, visit: Visit, seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() >= until;
  const [, ...others] = world.people;
  const hands = [work(world, visit.host, { operations: ofHost, isOver, pauseMs: 5000 }), ...others.map((who) => work(world, who, { operations: [...basicOperations, ...circleOperations], isOver, pauseMs: 2500 }))];
  while (!isOver()) await step(visit);
  await Promise.all(hands);
}

async function round(browser: Browser, uiFolder: string, seed: number): Promise<Visit> {
  const logFile = join(tmpdir(), `page-${seed}.log`);
  writeFileSync(logFile, '');
  const from = performance.now();
  const log = (line: string): void => { appendFileSync(logFile, `${((performance.now() - from) / 1000).toFixed(2)} ${line}\n`); };
  const stage = new Stage();
  const home = await stage.folder();
  process.env['HOME'] = home;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en', permissions: ['clipboard-read', 'clipboard-write'] });
  let world: World | null = null;
  try {
    world = await openWorld(stage, { seed, firstPort: 10_000 + (seed % 3000) * 3, log });
    const [host] = world.people;
    if (host === undefined) throw new Error('nobody is there');
    for (const path of ['Pictures/a.jpg', 'Pictures/2025/b.jpg', 'Documents/letter.txt']) host.files.put(join(home, path), host.files.dataOf(40 * KiB));
    const isForDevelopers = seed % 2 === 0;
    if (isForDevelopers) await serveDevPage(context, uiFolder);
    const visit = new Visit(context, { world, host, random: seeded(seed * 17 + 5) });
    await visit.open(true);
    for (let count = 0; count < spells; count++) {
      await spell(world, visit, Number(values.seconds) / spells);
      log('come to rest');
      await acts.find(({ name }) => name === 'escape')?.does(visit);
      await checkPageAtRest(visit);
      for (const each of checkOwnFiles(world)) visit.say(each);
    }
    while (visit.pages.length > 1) await visit.close();
    // What Vue keeps for its developers grows.
    if (!isForDevelopers) {
      const { told, wrong } = await checkGrowth(visit.page);
      console.log(`seed ${seed}: ${told}`);
      for (const each of wrong) visit.say(each);
    }
    await context.close();
    await Promise.all(world.people.map(({ person }) => person.end('SIGTERM')));
    // What the others say is for the campaign that is about them.
    for (const each of host.person.wrong) visit.say(each);
    if (visit.wrong.length > 0) console.log(`what was done in which order: ${logFile}`);
    return visit;
  } finally {
    await context.close();
    if (values.keep) await Promise.all((world?.people ?? []).map(({ person }) => person.end('SIGTERM')));
    else await stage.close();
  }
}

async function main(): Promise<void> {
  const uiFolder = await mkdtemp(join(tmpdir(), 'page-ui-'));
  await buildDevPage(uiFolder);
  const browser = await chromium.launch({ executablePath: process.env['DISTRISHARE_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks', '--lang=en', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'] });
  let failed = 0;
  const reach = new Reach();
  let steps = 0;
  try {
    for (let seed = Number(values.seed), count = 0; count < Number(values.rounds); seed++, count++) {
      const visit = await round(browser, uiFolder, seed);
      console.log(`seed ${seed}: ${visit.steps} steps on ${Object.keys(visit.drawn).length} kinds of places, ${visit.reach.commands.size} kinds of calls; ${visit.wrong.length === 0 ? 'all as it should be' : `${visit.wrong.length} wrong`}`);
      for (const each of visit.wrong) console.log(`  ${each.slice(0, 1500)}`);
      if (visit.wrong.length > 0) failed++;
      reach.take(visit.reach);
      steps += visit.steps;
    }
    console.log(`${steps} steps reached`);
    for (const line of reach.lines()) console.log(`  ${line}`);
  } finally {
    await browser.close();
    await rm(uiFolder, { recursive: true, force: true });
  }
  if (failed > 0) throw new Error(`${failed} rounds with something wrong`);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
