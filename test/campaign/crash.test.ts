import { expect, it } from 'vitest';
import { exploreFaults, type FaultCount } from '../src-main/disk/receive/fault-explorer.ts';
import { exploreCrashes, nothingExplored, surroundings } from '../src-main/disk/receive/crash-explorer.ts';
import { checkMutants } from '../src-main/disk/receive/mutants.ts';
import { lives } from '../src-main/disk/receive/receive-lives.ts';

/**
 * `npm run campaign:crash`: lets every operation of the disk fail in each way in FAULT_SEEDS (default 3) lives of each kind;
 * opens MUTANTS (default 100,000) damaged journals and part files;
 * then explores what crashes leave on a simulated disk until STATES (default 100,000) different states
 * were checked, from CRASH_SEED on. A state in which a promise is broken is printed with the command that leads to it.
 */
const wanted = Number(process.env['STATES'] ?? 100_000);
const firstSeed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
/** Power cuts at random at each moment, besides the extreme ones. */
const randomCuts = 6;

it(`${wanted} states after a crash keep every promise`, async () => {
  const found = nothingExplored();
  const started = performance.now();
  let seed = firstSeed;
  for (; found.states.size < wanted; seed++) {
    for (const where of surroundings) {
      for (const name of Object.keys(lives)) {
        await exploreCrashes(name, seed, where, randomCuts, found).catch((error: unknown) => {
          throw new Error(`repeat: CRASH_SEED=${seed} STATES=1 npm run campaign:crash`, { cause: error });
        });
      }
    }
    console.log(`seeds ${firstSeed}–${seed}: ${found.crashes} crashes, ${found.states.size} states, ${found.checked.size} checks, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  expect(found.states.size).toBeGreaterThanOrEqual(wanted);
});

const faultSeeds = Number(process.env['FAULT_SEEDS'] ?? 3);

it(`errors at every operation of the disk, with ${faultSeeds} seeds`, async () => {
  const found: FaultCount = { faults: 0 };
  for (let seed = firstSeed; seed < firstSeed + faultSeeds; seed++) {
    for (const name of Object.keys(lives)) {
      await exploreFaults(name, seed, 1, found).catch((error: unknown) => {
        throw new Error(`repeat: CRASH_SEED=${seed} FAULT_SEEDS=1 STATES=1 npm run campaign:crash`, { cause: error });
      });
    }
    console.log(`seeds ${firstSeed}–${seed}: ${found.faults} faults`);
  }
  expect(found.faults).toBeGreaterThan(0);
});

const mutantCount = Number(process.env['MUTANTS'] ?? 100_000);

it(`${mutantCount} damaged, stale and missing journals and part files claim nothing false`, async () => {
  const started = performance.now();
  await checkMutants(mutantCount, firstSeed);
  console.log(`seed ${firstSeed}: ${mutantCount} mutants, ${((performance.now() - started) / 1000).toFixed(0)} s`);
});
