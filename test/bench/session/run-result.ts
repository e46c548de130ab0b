import * as z from 'zod';

const amount = z.number().nullable();

/** One run of one program. Null: not measurable here or not told. */
export const runResultSchema = z.object({
  /** What the row compares, seconds. */
  seconds: z.number(),
  senderCpu: amount,
  receiverCpu: amount,
  /** Peak resident bytes. */
  senderMemory: amount,
  receiverMemory: amount,
  /** CPU seconds that everything else on the machine used meanwhile. */
  otherCpu: amount,
  /** What only some rows have: copies the seed uploaded, bytes fetched again … */
  extra: z.record(z.string(), z.number()),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** All runs of one program in one row, and why the others gave nothing. */
export const seriesSchema = z.object({ program: z.string(), encrypted: z.boolean().nullable(), runs: z.array(runResultSchema), failures: z.array(z.string()) });
export type Series = z.infer<typeof seriesSchema>;

/** The middle of the numbers; NaN when there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}
