import * as z from 'zod';

/** Bytes per second, or `off` for no limit. Zero never means "unlimited". */
export const rateLimitSchema = z.union([z.literal('off'), z.int().min(1024)]);
export type RateLimit = z.infer<typeof rateLimitSchema>;

/** `down`: what this device receives; `up`: what it gives. */
export type Direction = 'down' | 'up';

/**
 * Which limit of this device holds a transfer back: the usual one, the alternative one (switched on by hand, or by the
 * schedule), the one for that peer, or the protection of the round trip.
 */
export const limitCauseSchema = z.enum(['limit', 'alternative', 'schedule', 'peer', 'ping']);
export type LimitCause = z.infer<typeof limitCauseSchema>;

/** A limit for everybody together that holds now, bytes/s, and why; null: there is none. */
const heldSchema = z.object({ bytesPerSecond: z.number().positive(), cause: limitCauseSchema }).nullable();

/** How fast this device may be now. */
export const speedStateSchema = z.object({
  /** The alternative limits are in the place of the usual ones. */
  alternative: z.boolean(),
  down: heldSchema,
  up: heldSchema,
  /** What transfers add to the round trip now, milliseconds; null while that is not measured. */
  addedDelayMs: z.number().nonnegative().nullable(),
});
export type SpeedState = z.infer<typeof speedStateSchema>;

/** What one device may get and give, bytes/s. */
export const peerLimitsSchema = z.object({ down: rateLimitSchema, up: rateLimitSchema });
export type PeerLimits = z.infer<typeof peerLimitsSchema>;
