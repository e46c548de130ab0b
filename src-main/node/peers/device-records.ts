import * as z from 'zod';
import { limits } from '#shared/limits.ts';
import { deviceIdSchema, timestampSchema } from '#shared/model/ids.ts';
import { peerLimitsSchema } from '#shared/model/limit.ts';
import { platformSchema, trustSchema } from '#shared/model/peer.ts';
import { jsonTable } from '../../disk/store/store.ts';
import { knownDeviceSchema } from '../../discovery/known-devices.ts';

/** What is remembered of a device that was linked at least once. */
const deviceRecordSchema = z.object({
  id: deviceIdSchema,
  name: z.string().max(limits.names.deviceNameChars * 4),
  platform: platformSchema,
  version: z.string(),
  trust: trustSchema,
  autoAccept: z.boolean(),
  lastSeen: timestampSchema,
  limits: peerLimitsSchema.optional(),
});
export type DeviceRecord = z.infer<typeof deviceRecordSchema>;

export const devicesTable = jsonTable('devices', deviceRecordSchema);

/** Where devices of earlier sessions took links: tried again before anything is heard of them. */
export const knownDevicesTable = jsonTable('known-devices', knownDeviceSchema);
