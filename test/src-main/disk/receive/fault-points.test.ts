import { expect, it } from 'vitest';
import { exploreFaults, type FaultCount } from './fault-explorer.ts';
import { lives } from './receive-lives.ts';

const found: FaultCount = { faults: 0 };

/** Every ninth operation of the disk goes wrong in each way; `npm run campaign:crash` does it with every one, of many lives. */
it.each(Object.keys(lives))('an error at an operation of: %s', { timeout: 60_000 }, (name) => exploreFaults(name, 1, 9, found));

it('were hundreds of faults', () => {
  expect(found.faults).toBeGreaterThan(200);
});
