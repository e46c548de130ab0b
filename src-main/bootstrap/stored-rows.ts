import * as z from 'zod';
import { deviceIdSchema } from '#shared/model/ids.ts';
import { isContentId, type ContentId } from '#shared/ids.ts';
import { hostSchema, nodeAddressSchema, revisionSchema, roomTagSchema, type Entry } from '#shared/protocol/bootstrap.ts';
import { bytesTable, jsonTable } from '../disk/store/store.ts';

/** Nodes by device id. */
export const nodeTable = jsonTable('bootstrap-node', z.object({
  deviceId: deviceIdSchema, serial: z.int().positive(), addresses: z.array(nodeAddressSchema), rooms: z.array(roomTagSchema), outside: hostSchema, revision: revisionSchema.nullable(),
}));

/** Entries by serial and content id. A serial that no node has is of a node that has gone, or has forgotten what it announced. */
export const entryTable = bytesTable('bootstrap-entry');

const serialDigits = 12;
export const entryKey = (serial: number, contentId: ContentId): string => serial.toString(16).padStart(serialDigits, '0') + contentId;

/** Null when it is no such key. */
export function parseEntryKey(key: string): { serial: number; contentId: ContentId } | null {
  const contentId = key.slice(serialDigits);
  const serial = Number.parseInt(key.slice(0, serialDigits), 16);
  return isContentId(contentId) && serial > 0 ? { serial, contentId } : null;
}

/** Kind and the percent that are missing (one byte: kind + 2 × missing, so that rows of before are complete), size (eight, little-endian double), name (UTF-8): a million of them are read at a start. */
const headBytes = 9;
const kinds = ['file', 'folder'] as const;

export function encodeEntry({ kind, bytes, name, have = 100 }: Entry): Uint8Array {
  const row = Buffer.alloc(headBytes + Buffer.byteLength(name));
  row.writeUInt8(kinds.indexOf(kind) + kinds.length * (100 - have), 0);
  row.writeDoubleLE(bytes, 1);
  row.write(name, headBytes);
  return row;
}

/** Null when it is damaged. */
export function decodeEntry(contentId: ContentId, row: Uint8Array): Entry | null {
  if (row.length <= headBytes) return null;
  const buffer = Buffer.from(row.buffer, row.byteOffset, row.length);
  const [first, bytes] = [buffer.readUInt8(0), buffer.readDoubleLE(1)];
  const [kind, have] = [kinds[first % kinds.length], 100 - Math.floor(first / kinds.length)];
  return kind !== undefined && have >= 0 && Number.isSafeInteger(bytes) && bytes >= 0 ? { contentId, kind, bytes, name: buffer.toString('utf8', headBytes), ...(have < 100 ? { have } : {}) } : null;
}
