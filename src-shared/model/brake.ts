import * as z from 'zod';
import { deviceIdSchema } from './ids.ts';
import { limitCauseSchema } from './limit.ts';

/** What a transfer's speed hangs on now: why it is not faster. */
export const brakeSchema = z.discriminatedUnion('by', [
  z.object({ by: z.literal('own-limit'), limit: limitCauseSchema }),
  z.object({
    by: z.enum([
      'disk', 'cpu',
      /** Other downloads are fetched first. */
      'behind',
      /** Its content is fetched for another download, or another place of this one, and copied from there as it comes. */
      'copied',
      /** Nobody who is linked has what is missing. */
      'no-sources',
      /** Those who have it were asked and do not answer. */
      'no-answer',
    ]),
  }),
  z.object({
    by: z.enum([
      /** The path between the two devices carries no more. */
      'link',
      /** It gives its upload to others now (a download), or we do (an upload). */
      'turn',
      /** It says that a limit of its own holds it back; or that its disk or processor does. */
      'their-limit', 'their-machine',
      /** It gives (or takes) no faster, and we know no more. */
      'their-pace',
    ]),
    /** Null: several of them. */
    peer: deviceIdSchema.nullable(),
  }),
  /** So many of those who are linked and take part have any of what is missing. */
  z.object({ by: z.literal('few-sources'), have: z.int().nonnegative(), linked: z.int().nonnegative() }),
]);
export type Brake = z.infer<typeof brakeSchema>;

/** How a device stands to a download: `elsewhere` and `choked` both mean that it serves others first. */
export const sourceStateSchema = z.enum([
  'feeding',
  /** Asked, and has not answered yet. */
  'asked',
  /** It gives what nobody else has first. */
  'elsewhere',
  /** It serves others now and lets us begin nothing. */
  'choked',
  /** It did not answer in time, and is left alone for a while. */
  'stalled',
  'banned',
  /** It has nothing that is still missing. */
  'idle',
  /** The download asks nobody now: it is paused, waits for its turn, or has stopped. */
  'unasked',
  /** It is not linked. */
  'away',
]);
export type SourceState = z.infer<typeof sourceStateSchema>;
