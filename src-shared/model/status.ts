import * as z from 'zod';
import { bytesSchema, deviceIdSchema, timestampSchema } from './ids.ts';
import { errorInfoSchema } from './error.ts';
import { speedStateSchema } from './limit.ts';
import { networkSchema } from './network.ts';
import { portMappingSchema } from './port-mapping.ts';
import { serverHealthSchema } from './server.ts';

export const nodeStatusSchema = z.object({
  deviceId: deviceIdSchema,
  name: z.string(),
  avatarSeed: z.string(),
  version: z.string(),
  startedAt: timestampSchema,
  /** TCP port that takes links. */
  port: z.int(),
  /** Own addresses (hosts) in the networks that are used, those of VPNs last. */
  addresses: z.array(z.string()),
  /** Networks this machine is on now, VPNs last. */
  networks: z.array(networkSchema),
  /** Whether devices elsewhere can dial us through the router. */
  portMapping: portMappingSchema,
  dataDir: z.string(),
  downloadDir: z.string(),
  freeBytes: bytesSchema.nullable(),
  downRate: z.number().nonnegative(),
  upRate: z.number().nonnegative(),
  speed: speedStateSchema,
  peersOnline: z.int().nonnegative(),
  /** Downloads that run; whoever waits for a device that is away does not count. */
  activeTransfers: z.int().nonnegative(),
  offersWaiting: z.int().nonnegative(),
  discovery: z.object({
    multicast: z.enum(['on', 'off', 'failed']),
    mdns: z.enum(['on', 'off', 'failed']),
  }),
  servers: z.array(serverHealthSchema),
  demo: z.enum(['off', 'starting', 'on']),
  /** Things that are wrong now and what they concern, newest first. */
  problems: z.array(errorInfoSchema),
});
export type NodeStatus = z.infer<typeof nodeStatusSchema>;
