import { describe, expect, it } from 'vitest';
import { exploreCrashes, nothingExplored, surroundings } from './crash-explorer.ts';
import { lives } from './receive-lives.ts';

const found = nothingExplored();

/**
 * Every life of an unfinished file is ended before each change of the disk, by a kill and by power cuts that keep none, all,
 * the names or the data of what was not synced. `npm run campaign:crash` explores many more.
 */
describe.each(surroundings.map((where, at) => [where.name, at, where] as const))('a crash at any moment on %s', (_, at, where) => {
  const names = Object.keys(lives).filter((__, life) => at === 0 || life % 3 === at % 3);
  it.each(names)('%s', { timeout: 60_000 }, (name) => exploreCrashes(name, 1 + at, where, at === 0 ? 4 : 0, found));
});

it('those were thousands of states', () => {
  expect(found.states.size).toBeGreaterThanOrEqual(2000);
});
