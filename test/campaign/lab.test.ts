import { expect, it } from 'vitest';
import { launderedSwarm, tinySwarm } from '#main/lab/engine/tiny-swarm.ts';
import { trySwarm } from '../lab/try-swarm.ts';

/**
 * `npm run campaign:lab`: LAB_RUNS (default 10,000) small swarms with random trouble, and as many in which some list the file that
 * may not have it, from LAB_SEED on. Every failure is printed with the command that repeats it.
 */
const runs = Number(process.env['LAB_RUNS'] ?? 10_000);
const firstSeed = Number(process.env['LAB_SEED'] ?? Date.now() % 1_000_000_000);

it.each([['swarms', tinySwarm], ['swarms with launderers', launderedSwarm]] as const)(`${runs} %s keep every promise`, (name, drawn) => {
  const failures: string[] = [];
  let [events, bans, done] = [0, 0, 0];
  const began = process.cpuUsage();
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    try {
      const report = trySwarm(drawn(seed));
      events += report.events;
      bans += report.bans;
      done += report.done;
    } catch (error) {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      console.log(failures.at(-1));
    }
  }
  const used = process.cpuUsage(began);
  console.log(`${name}, seeds ${firstSeed} to ${firstSeed + runs - 1}: ${failures.length} failed; ${done} peers done, ${bans} bans, ${events} events, ${((used.user + used.system) / 1e6).toFixed(0)} s of one core`);
  expect(failures).toEqual([]);
});
