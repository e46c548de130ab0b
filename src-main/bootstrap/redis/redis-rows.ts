import * as z from 'zod';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { contentIdSchema, deviceIdSchema } from '#shared/model/ids.ts';
import { entrySchema, hostSchema, nodeAddressSchema, revisionSchema, roomTagSchema, type Entry } from '#shared/protocol/bootstrap.ts';
import type { KnownNode } from '../registry/node-record.ts';

/** What lies in Redis, and what is told over its channels. Others may write there, so nothing is taken that a schema has not seen. */

const { addressesPerNode, roomsPerNode } = limits.bootstrap;
const nodeSchema = z.object({ addresses: z.array(nodeAddressSchema).max(addressesPerNode), rooms: z.array(roomTagSchema).max(roomsPerNode), outside: hostSchema, revision: revisionSchema.nullable() });

/** Without version, which Redis itself puts before it. */
export const nodeText = ({ addresses, rooms, outside }: KnownNode, revision: string | null): string => JSON.stringify({ addresses, rooms, outside, revision });

/** `VERSION TEXT`; null when it does not begin so. */
export function parseVersioned(row: string): { readonly version: number; readonly text: string } | null {
  const end = row.indexOf(' ');
  const digits = row.slice(0, Math.max(0, end));
  const version = Number(digits);
  return /^\d{1,15}$/.test(digits) && version > 0 ? { version, text: row.slice(end + 1) } : null;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Null when it is damaged, or not ours. */
export function parseNode(deviceId: DeviceId, text: string): KnownNode | null {
  const node = nodeSchema.safeParse(parseJson(text)).data;
  return node === undefined ? null : { deviceId, ...node, rooms: [...new Set(node.rooms)] };
}

export const parseDeviceId = (text: string): DeviceId | null => deviceIdSchema.safeParse(text).data ?? null;

/** Kind, size, percent that it has and name, with spaces between: a million of them are read at a start. */
export const entryText = ({ kind, bytes, have = 100, name }: Entry): string => `${kind} ${bytes} ${have} ${name}`;

const entryForm = /^(file|folder) (\d{1,16}) (\d{1,3}) (.*)$/s;

/** Null when it is damaged, or not ours. */
export function parseEntry(contentId: string, text: string): Entry | null {
  const [, kind, bytes, have, name] = entryForm.exec(text) ?? [];
  return entrySchema.safeParse({ contentId, kind, bytes: Number(bytes), name, ...(have === '100' ? {} : { have: Number(have) }) }).data ?? null;
}

/** What one server wrote about some devices in one step. */
const writtenSchema = z.object({
  /** A server, and its number of this message: whoever wrote it knows it already. */
  by: z.string().min(1).max(64),
  batch: z.int().nonnegative(),
  devices: z.array(z.object({
    id: deviceIdSchema,
    /** As `nodeText` writes it; null: it is gone. */
    node: z.string().nullable(),
    /** What it announced before is forgotten. */
    anew: z.boolean(),
    /** Not written if Redis has a newer version of it than this; null: in any case. */
    over: z.number().nullable(),
    add: z.array(z.tuple([z.string(), z.string()])),
    remove: z.array(contentIdSchema),
  })),
});
export type Written = z.infer<typeof writtenSchema>;

const messageSchema = z.union([writtenSchema, z.object({ silent: z.array(z.string()).min(1) })]);

export interface ToldDevice {
  readonly node: KnownNode;
  readonly anew: boolean;
  readonly add: readonly Entry[];
  readonly remove: readonly ContentId[];
}
/** `silent`: nobody has heard of these devices for too long. In `devices`, null means gone. */
export type Told =
  | { readonly kind: 'written'; readonly by: string; readonly batch: number; readonly devices: readonly (readonly [DeviceId, ToldDevice | null])[] }
  | { readonly kind: 'silent'; readonly devices: readonly DeviceId[] };

/** Null when anything of it is not as it should be. */
export function parseTold(text: string): Told | null {
  const message = messageSchema.safeParse(parseJson(text)).data;
  if (message === undefined) return null;
  if ('silent' in message) return { kind: 'silent', devices: message.silent.map(parseDeviceId).filter((id) => id !== null) };
  const devices: [DeviceId, ToldDevice | null][] = [];
  for (const { id, node: row, anew, add, remove } of message.devices) {
    const node = row === null ? null : parseNode(id, row);
    const entries = add.map(([contentId, entry]) => parseEntry(contentId, entry)).filter((entry) => entry !== null);
    if ((row !== null && node === null) || entries.length < add.length) return null;
    devices.push([id, node === null ? null : { node, anew, add: entries, remove }]);
  }
  return { kind: 'written', by: message.by, batch: message.batch, devices };
}
