import { z } from 'zod';

/** `down`: what this device receives; `up`: what it gives. */
export type Direction = 'down' | 'up';

/**
 * Which limit of this device holds a transfer back: the usual one, the alternative one (switched on by hand, or by the
 * schedule), the one for that peer, or the protection of the round trip.
 */
export const limitCauseSchema = z.enum(['limit', 'alternative', 'schedule', 'peer', 'ping']);
export type LimitCause = z.infer<typeof limitCauseSchema>;
