import * as z from 'zod';
import { limits } from '../limits.ts';
import { parseServerUrl } from '../server-url.ts';
import { errorInfoSchema } from './error.ts';
import { millisSchema, timestampSchema } from './ids.ts';

/** A server's URL as settings hold it: as `parseServerUrl` writes it. */
export const serverUrlSchema = z.string().max(limits.servers.urlChars).refine((text) => parseServerUrl(text)?.text === text, 'server URL');

/** How things stand with a bootstrap server. */
export const serverHealthSchema = z.object({
  url: z.string(),
  /** `connecting`: for the first time, or again. `waiting`: it failed and is tried again at `nextAt`. */
  state: z.enum(['connecting', 'online', 'waiting']),
  /** Since when it is in this state. */
  since: timestampSchema,
  /** Why it is not online; null while nothing is wrong. */
  error: errorInfoSchema.nullable(),
  nextAt: timestampSchema.nullable(),
  /** Round trip of the last heartbeat, milliseconds. */
  latencyMs: millisSchema.nullable(),
  /** Devices of our rooms that it knows. */
  nodes: z.int().nonnegative(),
  /** Whether it carries links that find no other way; false while it is not online. */
  relay: z.boolean(),
  /** The most things in one of its answers that this version does not know and leaves out; more than 0 says that it is newer. */
  unknown: z.int().nonnegative(),
});
export type ServerHealth = z.infer<typeof serverHealthSchema>;
