import { limits } from '../limits.ts';
import type { Bytes, Timestamp } from '../units.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * A folder as bytes (docs/protocol.md, "Manifests"). Pages list its entries, sorted by the UTF-8 bytes of their names; a
 * node lists the hashes of the pages, and the SHA-256 of the node is the folder's content id. Integers are big-endian.
 *
 *   page        "DSMP" · version u8 · count u16 · count × ( kind u8 · size u64 · root 32 · nameLength u16 · name )
 *   node        "DSMF" · version u8 · files u64 · bytes u64 · pages u32 · pages × hash 32
 *   attributes  count × ( modifiedAt i64, milliseconds · flags u8, 1: executable ), not part of the id
 *
 * Decoders take only what the encoder gives: one folder has one id.
 */
export interface ManifestEntry {
  readonly kind: 'file' | 'folder';
  readonly name: string;
  /** Of a folder: of all files below it. */
  readonly bytes: Bytes;
  /** Merkle root of a file, content id of a folder; 32 bytes. */
  readonly root: Uint8Array;
}

export interface ManifestNode {
  /** Files below the folder, at any depth. */
  readonly files: number;
  readonly bytes: Bytes;
  /** SHA-256 of each page, 32 bytes each. */
  readonly pages: Uint8Array;
}

export interface ManifestAttributes {
  readonly modifiedAt: Timestamp;
  readonly executable: boolean;
}

const manifestVersion = 1;
const hashBytes = 32;
const pageMagic = 0x44534d50;
const nodeMagic = 0x44534d46;
export const pageHeaderBytes = 7;
const entryFixedBytes = 1 + 8 + hashBytes + 2;
const nodeHeaderBytes = 25;
const attributeBytes = 9;
const nameBytesLimit = 4 * limits.names.componentBytes;
const kinds = ['file', 'folder'] as const;
const flagExecutable = 1;

const toBytes = new TextEncoder();
const toText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Length of an entry in a page. */
export const entryBytes = (nameLength: number): number => entryFixedBytes + nameLength;

/** Order of two names by their UTF-8 bytes; that of code points, which differs from JavaScript's for surrogates. */
export function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    let first = one.charCodeAt(at);
    let second = other.charCodeAt(at);
    if (first === second) continue;
    // U+E000…U+FFFF lie after the surrogates in UTF-16, but before what surrogates stand for.
    if (first >= 0xd800 && second >= 0xd800) {
      first = first >= 0xe000 ? first - 0x800 : first + 0x2000;
      second = second >= 0xe000 ? second - 0x800 : second + 0x2000;
    }
    return first - second;
  }
  return one.length - other.length;
}

function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}

function readUint64(view: DataView, at: number, what: string): number {
  const value = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (!Number.isSafeInteger(value)) throw new ProtocolError('bad-field', what);
  return value;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether a name may stand in a manifest: not empty, no `/`, no NUL, not `.` or `..`, not too long. */
export const isManifestName = (name: string, byteLength: number): boolean =>
  byteLength > 0 && byteLength <= nameBytesLimit && !name.includes('/') && !name.includes('\0') && name !== '.' && name !== '..';

/** Entries in order, with names as UTF-8; they must fit one page (`ManifestTree` sees to that). */
export function encodePage(entries: readonly { readonly entry: ManifestEntry; readonly name: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(entries.reduce((sum, { name }) => sum + entryBytes(name.length), pageHeaderBytes));
  const view = viewOf(bytes);
  view.setUint32(0, pageMagic);
  bytes[4] = manifestVersion;
  view.setUint16(5, entries.length);
  let at = pageHeaderBytes;
  for (const { entry, name } of entries) {
    bytes[at] = kinds.indexOf(entry.kind);
    writeUint64(view, at + 1, entry.bytes);
    bytes.set(entry.root, at + 9);
    view.setUint16(at + 41, name.length);
    bytes.set(name, at + 43);
    at += entryBytes(name.length);
  }
  return bytes;
}

/** Throws a ProtocolError on anything `encodePage` would not have written. */
export function decodePage(bytes: Uint8Array): ManifestEntry[] {
  if (bytes.length > limits.content.manifestPageBytes) throw new ProtocolError('too-long', 'manifest page');
  const view = checkHead(bytes, pageMagic, pageHeaderBytes, 'manifest page');
  const count = view.getUint16(5);
  if (count === 0 || count > limits.content.manifestPageEntries) throw new ProtocolError('bad-field', 'entries of a manifest page');
  if (bytes.length < pageHeaderBytes + count * entryBytes(1)) throw new ProtocolError('too-short', 'manifest page');
  const entries: ManifestEntry[] = [];
  let at = pageHeaderBytes;
  for (let number = 0; number < count; number++) {
    const { entry, end } = decodeEntry(bytes, view, at);
    const before = entries[number - 1];
    if (before !== undefined && compareNames(before.name, entry.name) >= 0) throw new ProtocolError('bad-field', 'order of a manifest page');
    entries.push(entry);
    at = end;
  }
  if (at !== bytes.length) throw new ProtocolError('too-long', 'manifest page');
  return entries;
}

function decodeEntry(bytes: Uint8Array, view: DataView, at: number): { entry: ManifestEntry; end: number } {
  if (at + entryFixedBytes > bytes.length) throw new ProtocolError('too-short', 'manifest entry');
  const kind = kinds[view.getUint8(at)];
  if (kind === undefined) throw new ProtocolError('bad-field', 'kind of a manifest entry');
  const size = readUint64(view, at + 1, 'size of a manifest entry');
  if (kind === 'file' && size > limits.content.fileBytes) throw new ProtocolError('bad-field', 'size of a manifest entry');
  const root = new Uint8Array(bytes.subarray(at + 9, at + 41));
  const nameLength = view.getUint16(at + 41);
  const end = at + entryBytes(nameLength);
  if (end > bytes.length) throw new ProtocolError('too-short', 'manifest entry');
  return { entry: { kind, name: decodeName(bytes.subarray(at + 43, end)), bytes: size, root }, end };
}

function decodeName(bytes: Uint8Array): string {
  let name = '';
  try {
    name = toText.decode(bytes);
  } catch {
    throw new ProtocolError('bad-field', 'name of a manifest entry is not UTF-8');
  }
  if (!isManifestName(name, bytes.length)) throw new ProtocolError('bad-field', 'name of a manifest entry');
  return name;
}

export function encodeNode(node: ManifestNode): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(nodeHeaderBytes + node.pages.length);
  const view = viewOf(bytes);
  view.setUint32(0, nodeMagic);
  bytes[4] = manifestVersion;
  writeUint64(view, 5, node.files);
  writeUint64(view, 13, node.bytes);
  view.setUint32(21, node.pages.length / hashBytes);
  bytes.set(node.pages, nodeHeaderBytes);
  return bytes;
}

/** Throws a ProtocolError on anything `encodeNode` would not have written. */
export function decodeNode(bytes: Uint8Array): ManifestNode {
  const view = checkHead(bytes, nodeMagic, nodeHeaderBytes, 'manifest node');
  const count = view.getUint32(21);
  if (count > limits.content.manifestPagesPerFolder) throw new ProtocolError('bad-field', 'pages of a manifest node');
  if (bytes.length !== nodeHeaderBytes + count * hashBytes) throw new ProtocolError(bytes.length > nodeHeaderBytes + count * hashBytes ? 'too-long' : 'too-short', 'manifest node');
  return { files: readUint64(view, 5, 'files of a manifest node'), bytes: readUint64(view, 13, 'bytes of a manifest node'), pages: new Uint8Array(bytes.subarray(nodeHeaderBytes)) };
}

function checkHead(bytes: Uint8Array, magic: number, headerBytes: number, what: string): DataView {
  if (bytes.length < headerBytes) throw new ProtocolError('too-short', what);
  const view = viewOf(bytes);
  if (view.getUint32(0) !== magic) throw new ProtocolError('bad-field', `magic of a ${what}`);
  if (bytes[4] !== manifestVersion) throw new ProtocolError('bad-field', `version of a ${what}`);
  return view;
}

export function encodeAttributes(all: readonly ManifestAttributes[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(all.length * attributeBytes);
  const view = viewOf(bytes);
  all.forEach(({ modifiedAt, executable }, number) => {
    view.setBigInt64(number * attributeBytes, BigInt(Math.trunc(modifiedAt)));
    bytes[number * attributeBytes + 8] = executable ? flagExecutable : 0;
  });
  return bytes;
}

/** One for each entry of the page they belong to. Times before 1970 count as 1970; unknown flags are skipped. */
export function decodeAttributes(bytes: Uint8Array, count: number): ManifestAttributes[] {
  if (bytes.length !== count * attributeBytes) throw new ProtocolError(bytes.length > count * attributeBytes ? 'too-long' : 'too-short', 'manifest attributes');
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, number) => {
    const modifiedAt = Number(view.getBigInt64(number * attributeBytes));
    if (!Number.isSafeInteger(modifiedAt)) throw new ProtocolError('bad-field', 'time of a manifest entry');
    return { modifiedAt: Math.max(0, modifiedAt), executable: (view.getUint8(number * attributeBytes + 8) & flagExecutable) !== 0 };
  });
}

/** UTF-8 of a name. */
export const nameBytes = (name: string): Uint8Array<ArrayBuffer> => toBytes.encode(name);
