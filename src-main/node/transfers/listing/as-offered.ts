import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { bytesSchema } from '#shared/model/ids.ts';
import type { Bytes } from '#shared/units.ts';

/** What a push said that it brings, as the person saw it who said yes. */
export const offeredSchema = z.object({
  /** What is created in the folder; null when there was too much to list. */
  names: z.array(z.string()).nullable(),
  bytes: bytesSchema,
});
export type Offered = z.infer<typeof offeredSchema>;

/** Files go on growing between the question and the answer. */
const atMost = (said: Bytes): Bytes => said + Math.max(limits.push.growthBytes, Math.floor(said / 10));

/** A yes is to what was named and said, not to whatever is given after it. Throws `more-than-offered`. */
export function checkOffered(offered: Offered | null, paths: readonly string[], bytes: Bytes): void {
  if (offered === null) return;
  const { names } = offered;
  const other = names === null ? undefined : paths.find((path) => !names.includes(path.split('/', 1)[0] ?? ''));
  if (other !== undefined || bytes > atMost(offered.bytes)) throw new AppError('more-than-offered');
}
