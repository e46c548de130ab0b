import { it } from 'vitest';
import { checkMutants } from './mutants.ts';

it('damaged, stale and missing journals and part files claim nothing false', { timeout: 60_000 }, () => checkMutants(500, 1));
