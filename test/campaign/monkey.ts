import { appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Stage } from '../e2e/programs.ts';
import { checkAtRest, checkOwnFiles, checkRestart, letRest } from './monkey/at-rest.ts';
import { circleOperations } from './monkey/circles.ts';
import { oddOperations } from './monkey/odd-ways.ts';
import { basicOperations } from './monkey/operations.ts';
import { work } from './monkey/work.ts';
import { openWorld, type World } from './monkey/world.ts';

/** People who do everything that a user can do, in random order and many at once, on three real nodes. Says what is not as it should be when they have stopped. */
const { values } = parseArgs({ options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) }, rounds: { type: 'string', default: '1' }, seconds: { type: 'string', default: '40' }, keep: { type: 'boolean', default: false }, without: { type: 'string', default: '' } } });
const hands = 3;
const left = new Set(values.without.split(','));
const chosen = [...basicOperations, ...circleOperations, ...oddOperations].filter(({ name }) => !left.has(name));

async function round(seed: number): Promise<{ wrong: string[]; counts: Map<string, number> }> {
  const path = join(tmpdir(), `monkey-${seed}.log`);
  writeFileSync(path, '');
  const from = performance.now();
  const log = (line: string): void => { appendFileSync(path, `${((performance.now() - from) / 1000).toFixed(2)} ${line}\n`); };
  const stage = new Stage();
  const wrong: string[] = [];
  const say = (found: readonly string[]): void => {
    wrong.push(...found);
    for (const each of found) log(`WRONG ${each}`);
  };
  let world: World | null = null;
  try {
    world = await openWorld(stage, { seed, firstPort: 20_000 + (seed % 4000) * 3, log });
    const there = world;
    const until = performance.now() + Number(values.seconds) * 1000;
    const watch = (async () => {
      for (; performance.now() < until; await sleep(3000)) say(checkOwnFiles(there));
    })();
    await Promise.all([watch, ...there.people.flatMap((who) => Array.from({ length: hands }, () => work(there, who, { operations: chosen, isOver: () => performance.now() >= until, pauseMs: 300 })))]);
    log('come to rest');
    await letRest(there);
    say(await checkAtRest(there));
    say(there.wrong);
    say(await checkRestart(there));
    await Promise.all(there.people.map(({ person }) => person.end('SIGTERM')));
  } catch (error) {
    log(`WRONG the campaign itself: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    throw error;
  } finally {
    say(world?.people.flatMap(({ person }) => person.wrong) ?? []);
    if (values.keep && wrong.length > 0) await Promise.all((world?.people ?? []).map(({ person }) => person.end('SIGTERM')));
    else {
      for (const { unmount } of world?.people ?? []) unmount();
      // After a failure people are still at work in what is removed.
      await stage.close().catch((error: unknown) => { log(`not removed: ${String(error)}`); });
    }
  }
  if (wrong.length > 0) console.log(`what was done in which order: ${path}`);
  return { wrong: [...new Set(wrong)], counts: world.counts };
}

async function main(): Promise<void> {
  let failed = 0;
  for (let seed = Number(values.seed), count = 0; count < Number(values.rounds); seed++, count++) {
    const { wrong, counts } = await round(seed);
    console.log(`seed ${seed}: ${[...counts.values()].reduce((sum, each) => sum + each, 0)} operations ${JSON.stringify(Object.fromEntries(counts))}; ${wrong.length === 0 ? 'all as it should be' : `${wrong.length} wrong`}`);
    for (const each of wrong) console.log(`  ${each.slice(0, 1500)}`);
    if (wrong.length > 0) failed++;
  }
  if (failed > 0) throw new Error(`${failed} rounds with something wrong`);
}

main().then(() => process.exit(0), (error: unknown) => {
  console.error(error);
  process.exit(1);
});
