import type { DeviceId } from '#shared/ids.ts';
import type { Brake } from '#shared/model/brake.ts';
import type { Transfer, TransferDetail, TransferState } from '#shared/model/transfer.ts';
import { second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import { join } from 'node:path';
import { pieceBytesFor, pieceCount } from '../../core/content/piece-size.ts';
import type { SourceView } from '../pace/pace-watch.ts';
import type { Download } from './download/download.ts';
import type { DownloadFile } from './file/download-file.ts';
import type { PeerShare } from './download/peer-share.ts';
import type { DownloadRecord } from './records.ts';

const maxCells = 2000;
const peersShown = 8;
/** In a swarm a device often has nothing for us for a moment, between two pieces. */
const feedsForMs = 3 * second;

const stateOf = (record: DownloadRecord, download: Download | undefined): TransferState => {
  if (record.state !== 'active') return record.state;
  if (download === undefined || !download.isRunning) return 'queued';
  return download.activity.kind;
};

/** A download as every face sees it. */
export function viewDownload(record: DownloadRecord, download: Download | undefined, now: Millis): Transfer {
  const doneBytes = download?.doneBytes ?? record.doneBytes + record.partialBytes;
  const state = stateOf(record, download);
  const rate = state === 'running' ? download?.rate.rate(now) ?? 0 : 0;
  const gave = [...download?.shares ?? []].toSorted(([, a], [, b]) => b.bytes - a.bytes).map(([id]) => id);
  // Who gave what is not kept beyond a run; whom it was asked from is.
  const peers = gave.length === 0 && record.source.kind === 'path' ? [record.source.peer] : gave;
  return {
    id: record.id,
    direction: 'down',
    name: record.name,
    kind: record.kind,
    state,
    reason: state === 'waiting' ? download?.reason ?? null : record.reason,
    bytes: record.bytes,
    doneBytes,
    files: record.files,
    doneFiles: download?.doneFiles ?? record.doneFiles,
    reusedBytes: record.reusedBytes,
    rate,
    etaSeconds: rate > 0 && record.listed ? Math.ceil((record.bytes - doneBytes) / rate) : null,
    priority: record.priority,
    inOrder: record.inOrder,
    peers: peers.slice(0, peersShown),
    path: record.path ?? (record.bundle && record.kind === 'folder' ? record.base : join(record.base, record.name)),
    contentId: record.contentId ?? (record.source.kind === 'content' ? record.source.contentId : null),
    addedAt: record.addedAt,
    finishedAt: record.finishedAt,
  };
}

/** What is known of a running download besides itself. */
export interface DetailFacts {
  readonly now: Millis;
  /** Bytes/s, one sample a second. */
  readonly rates: readonly number[];
  readonly brake: Brake | null;
  /** Pieces of a file that are on their way. */
  readonly arriving: (file: number) => Iterable<number>;
  readonly sources: ReadonlyMap<DeviceId, SourceView>;
  readonly about: (id: DeviceId) => Pick<TransferDetail['sources'][number], 'latencyMs' | 'badPieces'> & { readonly isLinked: boolean };
}

/** What the closer look needs of a download that was begun. */
export interface BegunDownload extends Pick<Download, 'awaited' | 'shares' | 'savedBytes'> {
  readonly open: ReadonlyMap<number, Pick<DownloadFile, 'number' | 'pieces' | 'verified'>>;
}

/** Piece map and sources; for a folder the map shows bytes done, because its pieces are many files'. */
export function viewDetail(transfer: Transfer, download: BegunDownload | undefined, { now, rates, brake, arriving, sources, about }: DetailFacts): TransferDetail {
  const map = pieceMap(transfer, download, arriving);
  const shares = download?.shares ?? new Map<DeviceId, PeerShare>();
  const all = download === undefined ? [] : [...new Set([...shares.keys(), ...sources.keys(), ...(transfer.state === 'waiting' ? download.awaited : [])])];
  return {
    transfer,
    ...map,
    sources: all.map((peer) => {
      const { badPieces, isLinked, ...measured } = about(peer);
      const { pieces = 0, bytes = 0, failures = 0, rate, gaveAt = null } = shares.get(peer) ?? {};
      const { state = !isLinked ? 'away' : isAtRest(transfer) ? 'unasked' : 'idle', until = null, late = 0 } = sources.get(peer) ?? {};
      const feeds = (state === 'idle' || state === 'asked') && gaveAt !== null && now - gaveAt < feedsForMs;
      const shown = badPieces?.banned === true ? 'banned' : feeds ? 'feeding' : state;
      return {
        peer, ...measured, pieces, bytes, rate: shown === 'feeding' ? rate?.rate(now) ?? 0 : 0, failures: failures + late, state: shown, until,
        ...(badPieces === undefined ? {} : { badPieces }),
      };
    }),
    brake,
    rates: [...rates],
    savedBytes: download?.savedBytes ?? 0,
  };
}

/** It asks nobody, though there may be something to ask for. */
const isAtRest = ({ state }: Transfer): boolean => state === 'paused' || state === 'queued' || state === 'failed' || state === 'cancelled';

type PieceMap = Pick<TransferDetail, 'cells' | 'piecesPerCell' | 'pieces' | 'verifiedPieces'>;

function pieceMap(transfer: Transfer, download: BegunDownload | undefined, arriving: (file: number) => Iterable<number>): PieceMap {
  const file = transfer.kind === 'file' && download !== undefined ? [...download.open.values()][0] : undefined;
  if (file === undefined) return transfer.kind === 'file' && transfer.bytes > 0 ? closedMap(transfer) : partMap(transfer);
  const onTheWay = new Set(arriving(file.number));
  return { ...cellsOf(file.pieces, (piece) => file.verified.has(piece), (piece) => onTheWay.has(piece)), verifiedPieces: file.verified.count };
}

function cellsOf(pieces: number, isVerified: (piece: number) => boolean, isArriving: (piece: number) => boolean): Omit<PieceMap, 'verifiedPieces'> {
  const piecesPerCell = Math.max(1, Math.ceil(pieces / maxCells));
  const cells: string[] = [];
  for (let first = 0; first < pieces; first += piecesPerCell) {
    let verified = 0;
    let busy = false;
    const last = Math.min(first + piecesPerCell, pieces);
    for (let piece = first; piece < last; piece++) {
      if (isVerified(piece)) verified++;
      busy ||= isArriving(piece);
    }
    cells.push(verified === last - first ? 'v' : busy ? 'a' : '.');
  }
  return { cells: cells.join(''), piecesPerCell, pieces };
}

/** One file that nothing is fetched of now: how many of its pieces are there is known, not which. */
function closedMap({ bytes, doneBytes, state }: Transfer): PieceMap {
  const pieceBytes = pieceBytesFor(bytes);
  const pieces = pieceCount(bytes, pieceBytes);
  const verifiedPieces = state === 'done' || doneBytes >= bytes ? pieces : Math.floor(doneBytes / pieceBytes);
  return { ...cellsOf(pieces, (piece) => piece < verifiedPieces, () => false), verifiedPieces };
}

/** Without pieces of its own to show: one cell for each part of the bytes, none while nobody has said how many there are. */
function partMap(transfer: Transfer): PieceMap {
  if (transfer.bytes === 0 && transfer.state !== 'done') return { cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0 };
  const parts = 200;
  const done = transfer.bytes === 0 ? parts : Math.min(parts, Math.floor((transfer.doneBytes / transfer.bytes) * parts));
  return { cells: 'v'.repeat(done) + '.'.repeat(parts - done), piecesPerCell: 1, pieces: parts, verifiedPieces: done };
}

