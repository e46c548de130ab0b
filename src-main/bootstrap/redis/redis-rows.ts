import * as z from 'zod';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { contentIdSchema, deviceIdSchema } from '#shared/model/ids.ts';
import { entrySchema, hostSchema, nodeAddressSchema, revisionSchema, roomTagSchema, type Entry } from '#shared/protocol/bootstrap.ts';
import type { KnownNode } from '../registry/node-record.ts';

/** What lies in Redis, and what is told over its channels. Others may write there, so nothing is taken that a schema has not seen. */

const { addressesPerNode, roomsPerNode } = limits.bootstrap;
const nodeSchema = z.object({ addresses: z.array(nodeAddressSchema).max(addressesPerNode), rooms: z.array(roomTagSchema).max(roomsPerNode), outside: hostSchema });
type NodeAlone = Omit<KnownNode, 'revision'>;

export const nodeText = ({ addresses, rooms, outside }: NodeAlone): string => JSON.stringify({ addresses, rooms, outside });

/** One change of one part. Redis counts them; a Redis that has gone back to an older state gives the same number again, but no server makes the same mark twice. */
export interface Stamp {
  readonly version: number;
  readonly mark: string;
}

export const isSame = (one: Stamp | null | undefined, other: Stamp): boolean => one?.version === other.version && one.mark === other.mark;

/** What stands for the revision of a list in Redis. Where there is none, it tells apart lists that are not told completely all the same, by the change that left them so. */
export type RevisionWord = string;
export const revisionWord = (revision: string | null, mark: string): RevisionWord => (revision === null ? `-${mark}` : `=${Buffer.from(revision).toString('base64url')}`);

/** Undefined when it is no such word. */
export function parseRevision(word: RevisionWord): string | null | undefined {
  if (word.startsWith('-')) return null;
  return word.startsWith('=') ? revisionSchema.safeParse(Buffer.from(word.slice(1), 'base64url').toString()).data : undefined;
}

const stampedForm = /^(\d{1,15}) (\S{1,64}) (\S{1,500}) (.*)$/s;

/** `VERSION MARK WORD TEXT`, as Redis writes a node (the word is the revision of its list) and a message (the mark of the change before); null when it does not begin so. */
export function parseStamped(row: string): { readonly stamp: Stamp; readonly word: string; readonly text: string } | null {
  const [, version = '0', mark = '', word = '', text = ''] = stampedForm.exec(row) ?? [];
  return Number(version) > 0 ? { stamp: { version: Number(version), mark }, word, text } : null;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Null when it is damaged, or not ours. */
export function parseRow(deviceId: DeviceId, row: string): { readonly stamp: Stamp; readonly word: RevisionWord; readonly node: KnownNode } | null {
  const stamped = parseStamped(row);
  const node = stamped === null ? null : parseNode(deviceId, stamped.text);
  const revision = parseRevision(stamped?.word ?? '');
  return stamped === null || node === null || revision === undefined ? null : { stamp: stamped.stamp, word: stamped.word, node: { ...node, revision } };
}

function parseNode(deviceId: DeviceId, text: string): NodeAlone | null {
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
    /** Of its list, as a word; null: the list is as it was. */
    revision: z.string().nullable(),
    /** Not written if the list in Redis has another revision than this; null: in any case. */
    base: z.string().nullable(),
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
  readonly node: NodeAlone;
  /** Null: the list is as it was. */
  readonly word: RevisionWord | null;
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
  for (const { id, node: text, revision: word, anew, add, remove } of message.devices) {
    const node = text === null ? null : parseNode(id, text);
    const entries = add.map(([contentId, entry]) => parseEntry(contentId, entry)).filter((entry) => entry !== null);
    if ((text !== null && node === null) || (word !== null && parseRevision(word) === undefined) || entries.length < add.length) return null;
    devices.push([id, node === null ? null : { node, word, anew, add: entries, remove }]);
  }
  return { kind: 'written', by: message.by, batch: message.batch, devices };
}
