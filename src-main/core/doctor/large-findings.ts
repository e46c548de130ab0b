import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import { found } from './found.ts';

/**
 * What came of asking a linked device for a small answer, then for a large one, then with a large question. `quiet`: not even the small
 * one came, or the link ended; `unknown`: its version does not know the question; `later`: it answers no more of them for now.
 */
export type LargeOutcome = 'passes' | 'lost-in' | 'lost-out' | 'quiet' | 'unknown' | 'later';

export interface Probed {
  readonly name: string;
  readonly outcome: LargeOutcome;
}

/** What is wrong is said of each device, what is not of all together. */
export function largeFindings(probed: readonly Probed[]): DiagnosisStep[] {
  const named = (outcome: LargeOutcome): string => probed.filter((each) => each.outcome === outcome).map(({ name }) => name).join(', ');
  const wrong = (['lost-in', 'lost-out', 'quiet'] as const).flatMap((outcome) => probed.filter((each) => each.outcome === outcome).map(({ name }) => found(`large-${outcome}`, { name })));
  const rest = (['passes', 'unknown', 'later'] as const).flatMap((outcome) => (named(outcome) === '' ? [] : [found(`large-${outcome}`, { names: named(outcome) })]));
  return [...wrong, ...rest];
}
