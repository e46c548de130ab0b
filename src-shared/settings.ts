import * as z from 'zod';
import { limits } from './limits.ts';
import { bytesSchema } from './model/ids.ts';
import { rateLimitSchema } from './model/limit.ts';
import { networkKeySchema } from './model/network.ts';
import { scheduleSchema } from './model/schedule.ts';
import { serverUrlSchema } from './model/server.ts';
import { plainDeviceName } from './names.ts';

/** Settings of one node: one store for every face, in its data directory. */
export const settingsSchema = z.object({
  /** As others take it: with one that is nothing to them nobody would link. */
  name: z.string().overwrite(plainDeviceName).min(1).max(limits.names.deviceNameChars),
  downloadDir: z.string().min(1),
  /** Port for links; the next free one is taken if another program has it. */
  port: z.int().min(0).max(65535),
  multicast: z.boolean(),
  mdns: z.boolean(),
  /** Who finds this device: everyone on the network, only paired devices may link, or nobody hears of it. */
  visibility: z.enum(['everyone', 'paired', 'hidden']),
  /** Networks that are switched off, by `Network.key`: nobody is found or linked over them. */
  unusedNetworks: z.array(networkKeySchema).max(limits.networks.unused),
  /** Bootstrap servers, all used at once. */
  servers: z.array(serverUrlSchema).max(limits.servers.used),
  /** Whether the router of the own network is asked to forward our port, where somebody outside may look for us. */
  portMapping: z.enum(['on', 'off']),
  downloadLimit: rateLimitSchema,
  uploadLimit: rateLimitSchema,
  /** The alternative limits are in the place of the usual two now; the schedule switches this too. */
  alternativeLimits: z.boolean(),
  alternativeDownloadLimit: rateLimitSchema,
  alternativeUploadLimit: rateLimitSchema,
  schedule: scheduleSchema,
  /** Milliseconds that transfers may add to the round trip on a line before they yield, or `off`. */
  pingBudget: z.union([z.literal('off'), z.int().min(5).max(1000)]),
  /** Whether blocks travel compressed where that is faster. */
  compression: z.enum(['auto', 'off']),
  /** Transfers that fetch at once. */
  activeTransfers: z.int().min(1).max(32),
  /** Choking, where upload is scarce: who is served at once at least, and how many seconds pass between choices, between tries of somebody else, over which rates are taken, and until a silent one has snubbed us. */
  uploadSlots: z.int().min(1).max(64),
  rechokeSeconds: z.int().min(1).max(600),
  optimisticSeconds: z.int().min(1).max(3600),
  rateWindowSeconds: z.int().min(1).max(600),
  snubbedSeconds: z.int().min(5).max(3600),
  receiveBudget: bytesSchema.min(4 * 1024 * 1024).max(1024 * 1024 * 1024),
  rescanMinutes: z.int().min(1).max(24 * 60),
  language: z.enum(['system', 'en', 'es']),
  theme: z.enum(['system', 'light', 'dark']),
});
export type Settings = z.infer<typeof settingsSchema>;
export type SettingKey = keyof Settings;

export const settingsPatchSchema = settingsSchema.partial();
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;

/** Everything but what depends on the machine (`name`, `downloadDir`). */
export const defaultSettings: Omit<Settings, 'name' | 'downloadDir'> = {
  port: 47800,
  multicast: true,
  mdns: true,
  visibility: 'everyone',
  unusedNetworks: [],
  servers: [],
  portMapping: 'on',
  downloadLimit: 'off',
  uploadLimit: 'off',
  alternativeLimits: false,
  alternativeDownloadLimit: 1_000_000,
  alternativeUploadLimit: 500_000,
  schedule: { on: false, days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '20:00' },
  pingBudget: 'off',
  compression: 'auto',
  activeTransfers: 3,
  uploadSlots: 4,
  rechokeSeconds: 10,
  optimisticSeconds: 30,
  rateWindowSeconds: 20,
  snubbedSeconds: 60,
  receiveBudget: limits.transfer.receiveBudgetBytes,
  rescanMinutes: 60,
  language: 'system',
  theme: 'system',
};
