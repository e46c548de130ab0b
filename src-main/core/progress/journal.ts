import { hashBytes, type Sha256 } from '../content/merkle.ts';

/**
 * `NAME.progress`, version 1: which pieces of `NAME.part` are verified and on disk. Integers are big-endian.
 *
 *   header   magic 8 "DSPRGRSS" · version u16 · header length u16 · flags u32 (1: no root yet, 2: no boot id)
 *            root 32 · file bytes u64 · piece bytes u32 · device u64 · inode u64 · boot id 16 · journal id 16 · check 8
 *   record   type u8 · payload length u16 · sequence u32 (from 1) · payload · check 8
 *
 *   1 piece     piece u32 · hash 32      verified and written
 *   2 barrier   through u32              records up to this sequence number are on stable storage
 *   3 root      root 32                  a provisional file has its root now
 *   4 missing   piece u32                no longer counts
 *   5 opened    flags u8 (2: no boot id) · boot id 16   a new writer; ends what a clean close said
 *   6 closed    modified u64             closed cleanly; the part file's time stamp then, nanoseconds
 *
 * Each check is the first 8 bytes of a SHA-256 chained over everything before it, and the header holds a random journal
 * id: a torn, flipped, duplicated or stale tail (blocks of an older journal) does not continue the chain and is cut off.
 */
export interface JournalHeader {
  /** Merkle root, or null while the sender has not hashed the file. */
  readonly root: Uint8Array | null;
  readonly bytes: number;
  readonly pieceBytes: number;
  /** The part file this journal speaks of. */
  readonly device: bigint;
  readonly inode: bigint;
  /** 16 bytes that change with every start of the system; null where there are none. */
  readonly bootId: Uint8Array | null;
  /** 16 random bytes. */
  readonly journalId: Uint8Array;
}

export type JournalRecord =
  | { readonly kind: 'piece'; readonly piece: number; readonly hash: Uint8Array }
  | { readonly kind: 'barrier'; readonly through: number }
  | { readonly kind: 'root'; readonly root: Uint8Array }
  | { readonly kind: 'missing'; readonly piece: number }
  | { readonly kind: 'opened'; readonly bootId: Uint8Array | null }
  | { readonly kind: 'closed'; readonly modifiedNs: bigint };

const journalVersion = 1;
export const idBytes = 16;
const magic = new TextEncoder().encode('DSPRGRSS');
const checkBytes = 8;
const headerBytes = 108 + checkBytes;
const recordHeadBytes = 7;
const maxPayloadBytes = 4 + hashBytes;
const flags = { provisional: 1, noBootId: 2 } as const;
const types = { piece: 1, barrier: 2, root: 3, missing: 4, opened: 5, closed: 6 } as const;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Where a journal ends: what the next record continues. */
export interface JournalEnd {
  readonly sequence: number;
  readonly chain: Uint8Array;
}

function chainOver(sha256: Sha256, chain: Uint8Array, bytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(chain.length + bytes.length);
  input.set(chain);
  input.set(bytes, chain.length);
  const next = new Uint8Array(hashBytes);
  sha256(input, next, 0);
  return next;
}

function encodeHeader(header: JournalHeader, sha256: Sha256): { bytes: Uint8Array; chain: Uint8Array } {
  const bytes = new Uint8Array(headerBytes);
  const view = viewOf(bytes);
  bytes.set(magic);
  view.setUint16(8, journalVersion);
  view.setUint16(10, headerBytes);
  view.setUint32(12, (header.root === null ? flags.provisional : 0) | (header.bootId === null ? flags.noBootId : 0));
  if (header.root !== null) bytes.set(header.root, 16);
  view.setBigUint64(48, BigInt(header.bytes));
  view.setUint32(56, header.pieceBytes);
  view.setBigUint64(60, BigInt.asUintN(64, header.device));
  view.setBigUint64(68, BigInt.asUintN(64, header.inode));
  if (header.bootId !== null) bytes.set(header.bootId, 76);
  bytes.set(header.journalId, 92);
  const chain = chainOver(sha256, new Uint8Array(0), bytes.subarray(0, headerBytes - checkBytes));
  bytes.set(chain.subarray(0, checkBytes), headerBytes - checkBytes);
  return { bytes, chain };
}

function encodePayload(record: JournalRecord, payload: Uint8Array): number {
  const view = viewOf(payload);
  switch (record.kind) {
    case 'piece':
      view.setUint32(0, record.piece);
      payload.set(record.hash, 4);
      return 4 + hashBytes;
    case 'barrier':
      view.setUint32(0, record.through);
      return 4;
    case 'root':
      payload.set(record.root);
      return hashBytes;
    case 'missing':
      view.setUint32(0, record.piece);
      return 4;
    case 'opened':
      payload.fill(0, 0, 1 + idBytes);
      if (record.bootId === null) payload[0] = flags.noBootId;
      else payload.set(record.bootId, 1);
      return 1 + idBytes;
    case 'closed':
      view.setBigUint64(0, record.modifiedNs);
      return 8;
  }
}

/** Makes the bytes of a journal, from its header on or from where a parsed one ends. */
export class JournalEncoder {
  readonly #sha256: Sha256;
  readonly #payload = new Uint8Array(maxPayloadBytes);
  #sequence: number;
  #chain: Uint8Array;

  constructor(sha256: Sha256, end: JournalEnd) {
    this.#sha256 = sha256;
    this.#sequence = end.sequence;
    this.#chain = end.chain;
  }

  /** An encoder for a new journal, and the bytes of its header. */
  static begin(sha256: Sha256, header: JournalHeader): { encoder: JournalEncoder; bytes: Uint8Array } {
    const { bytes, chain } = encodeHeader(header, sha256);
    return { encoder: new JournalEncoder(sha256, { sequence: 0, chain }), bytes };
  }

  /** Sequence number of the last record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Where the journal ends now, to come back to with a new encoder when an append fails. */
  get end(): JournalEnd {
    return { sequence: this.#sequence, chain: this.#chain };
  }

  /** Bytes of the next record. */
  encode(record: JournalRecord): Uint8Array {
    const length = encodePayload(record, this.#payload);
    const bytes = new Uint8Array(recordHeadBytes + length + checkBytes);
    const view = viewOf(bytes);
    this.#sequence++;
    bytes[0] = types[record.kind];
    view.setUint16(1, length);
    view.setUint32(3, this.#sequence);
    bytes.set(this.#payload.subarray(0, length), recordHeadBytes);
    this.#chain = chainOver(this.#sha256, this.#chain, bytes.subarray(0, recordHeadBytes + length));
    bytes.set(this.#chain.subarray(0, checkBytes), recordHeadBytes + length);
    return bytes;
  }
}

/** What a journal says after its last valid record. */
export interface Journal {
  readonly header: JournalHeader;
  /** Root of the header or of the last root record. */
  readonly root: Uint8Array | null;
  /** Recorded pieces with their hashes and the sequence number of their record. */
  readonly pieces: ReadonlyMap<number, { readonly hash: Uint8Array; readonly sequence: number }>;
  /** Records up to this one are on stable storage. */
  readonly durableThrough: number;
  /** The same before the last group commit: later records belong to the last group. */
  readonly groupBefore: number;
  /** Boot id of the last writer. */
  readonly bootId: Uint8Array | null;
  /** Time stamp of the part file at a clean close, if that is the last thing that happened. */
  readonly closedNs: bigint | null;
  /** Length of what is valid; the rest of the file is to be cut off. */
  readonly validBytes: number;
  readonly end: JournalEnd;
}

export type ParsedJournal =
  | { readonly kind: 'journal'; readonly journal: Journal }
  /** No header that can be believed. */
  | { readonly kind: 'damaged' }
  /** Written by a later release; must be left alone. */
  | { readonly kind: 'newer'; readonly version: number };

const startsWith = (bytes: Uint8Array, start: Uint8Array): boolean => start.every((byte, at) => bytes[at] === byte);

function parseHeader(bytes: Uint8Array, sha256: Sha256): { kind: 'header'; header: JournalHeader; chain: Uint8Array } | Exclude<ParsedJournal, { kind: 'journal' }> {
  if (bytes.length < 12 + checkBytes || !startsWith(bytes, magic)) return { kind: 'damaged' };
  const view = viewOf(bytes);
  const length = view.getUint16(10);
  if (length < 12 + checkBytes || length > bytes.length) return { kind: 'damaged' };
  const chain = chainOver(sha256, new Uint8Array(0), bytes.subarray(0, length - checkBytes));
  if (!startsWith(bytes.subarray(length - checkBytes), chain.subarray(0, checkBytes))) return { kind: 'damaged' };
  const version = view.getUint16(8);
  if (version > journalVersion) return { kind: 'newer', version };
  const fileBytes = view.getBigUint64(48);
  if (version !== journalVersion || length !== headerBytes || fileBytes > BigInt(Number.MAX_SAFE_INTEGER)) return { kind: 'damaged' };
  const set = view.getUint32(12);
  const header: JournalHeader = {
    root: (set & flags.provisional) === 0 ? new Uint8Array(bytes.subarray(16, 48)) : null,
    bytes: Number(fileBytes),
    pieceBytes: view.getUint32(56),
    device: view.getBigUint64(60),
    inode: view.getBigUint64(68),
    bootId: (set & flags.noBootId) === 0 ? new Uint8Array(bytes.subarray(76, 92)) : null,
    journalId: new Uint8Array(bytes.subarray(92, 108)),
  };
  return { kind: 'header', header, chain };
}

function parsePayload(type: number, payload: Uint8Array): JournalRecord | null {
  const view = viewOf(payload);
  switch (type) {
    case types.piece:
      return payload.length === 4 + hashBytes ? { kind: 'piece', piece: view.getUint32(0), hash: new Uint8Array(payload.subarray(4)) } : null;
    case types.barrier:
      return payload.length === 4 ? { kind: 'barrier', through: view.getUint32(0) } : null;
    case types.root:
      return payload.length === hashBytes ? { kind: 'root', root: new Uint8Array(payload) } : null;
    case types.missing:
      return payload.length === 4 ? { kind: 'missing', piece: view.getUint32(0) } : null;
    case types.opened:
      return payload.length === 1 + idBytes ? { kind: 'opened', bootId: payload[0] === flags.noBootId ? null : new Uint8Array(payload.subarray(1)) } : null;
    case types.closed:
      return payload.length === 8 ? { kind: 'closed', modifiedNs: view.getBigUint64(0) } : null;
    default:
      return null;
  }
}

/** Reads the records after the header up to the first that does not continue the chain. */
function* readRecords(bytes: Uint8Array, start: number, chain: Uint8Array, sha256: Sha256): Generator<{ record: JournalRecord; sequence: number; chain: Uint8Array; endsAt: number }> {
  const view = viewOf(bytes);
  let at = start;
  for (let sequence = 1; at + recordHeadBytes + checkBytes <= bytes.length; sequence++) {
    const length = view.getUint16(at + 1);
    const endsAt = at + recordHeadBytes + length + checkBytes;
    if (length > maxPayloadBytes || endsAt > bytes.length || view.getUint32(at + 3) !== sequence) return;
    chain = chainOver(sha256, chain, bytes.subarray(at, endsAt - checkBytes));
    if (!startsWith(bytes.subarray(endsAt - checkBytes), chain.subarray(0, checkBytes))) return;
    const record = parsePayload(bytes[at] ?? 0, bytes.subarray(at + recordHeadBytes, endsAt - checkBytes));
    if (record === null) return;
    yield { record, sequence, chain, endsAt };
    at = endsAt;
  }
}

/** Reads a journal as far as it can be believed. Takes any bytes; memory stays in proportion to their number. */
export function parseJournal(bytes: Uint8Array, sha256: Sha256): ParsedJournal {
  const head = parseHeader(bytes, sha256);
  if (head.kind !== 'header') return head;
  const { header } = head;
  const pieces = new Map<number, { hash: Uint8Array; sequence: number }>();
  let { root, bootId } = header;
  let durableThrough = 0;
  let groupBefore = 0;
  let closedNs: bigint | null = null;
  let validBytes = headerBytes;
  let end: JournalEnd = { sequence: 0, chain: head.chain };
  for (const { record, sequence, chain, endsAt } of readRecords(bytes, headerBytes, head.chain, sha256)) {
    closedNs = null;
    switch (record.kind) {
      case 'piece':
        pieces.set(record.piece, { hash: record.hash, sequence });
        break;
      case 'barrier':
        if (record.through > durableThrough && record.through < sequence) {
          groupBefore = durableThrough;
          durableThrough = record.through;
        }
        break;
      case 'root':
        root = record.root;
        break;
      case 'missing':
        pieces.delete(record.piece);
        break;
      case 'opened':
        bootId = record.bootId;
        break;
      case 'closed':
        closedNs = record.modifiedNs;
        break;
    }
    validBytes = endsAt;
    end = { sequence, chain };
  }
  return { kind: 'journal', journal: { header, root, pieces, durableThrough, groupBefore, bootId, closedNs, validBytes, end } };
}
