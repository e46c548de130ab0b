import * as z from 'zod';
import type { KnownDevice } from '#main/core/membership/membership-events.ts';
import { limits } from '#shared/limits.ts';
import { deviceIdSchema, timestampSchema } from '#shared/model/ids.ts';
import { peerSourceSchema } from '#shared/model/peer.ts';

/** Devices of earlier sessions, as a store keeps them. */
export const knownDeviceSchema: z.ZodType<KnownDevice> = z.object({
  id: deviceIdSchema,
  lastSeen: timestampSchema,
  addresses: z.array(z.object({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    seen: z.partialRecord(peerSourceSchema, timestampSchema),
  })).max(limits.discovery.addressesPerDevice),
});
