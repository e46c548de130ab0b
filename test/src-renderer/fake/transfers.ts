import { isContentId, isTransferId } from '#shared/ids.ts';
import type { TransferId } from '#shared/ids.ts';
import type { Transfer, TransferDetail, TransferFile } from '#shared/model/transfer.ts';
import { MiB, minute } from '#shared/units.ts';
import { deviceIdFor, epoch } from './people.ts';
import { hexOf, seedOf, seeded } from './seeded.ts';

export const transferIdFor = (text: string): TransferId => {
  const hex = hexOf(`transfer ${text}`, 16);
  if (!isTransferId(hex)) throw new Error('not a transfer id');
  return hex;
};

export function inventTransfer(part: Partial<Transfer> & { name: string }): Transfer {
  const id = transferIdFor(part.name);
  const contentId = hexOf(`content ${part.name}`, 64);
  return {
    id, direction: 'down', kind: 'file', state: 'running', reason: null, bytes: 1e9, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0, etaSeconds: null, priority: 'normal', inOrder: false,
    peers: [], path: `/home/jade/Downloads/${part.name}`, contentId: isContentId(contentId) ? contentId : null, addedAt: epoch, finishedAt: null, ...part,
  };
}

const from = (...names: string[]): Transfer['peers'] => names.map(deviceIdFor);

export const inventedTransfers = (): Transfer[] => [
  inventTransfer({ name: 'ubuntu-26.04-desktop-amd64.iso', bytes: 6.12e9, doneBytes: 3.79e9, reusedBytes: 201e6, rate: 94.6e6, peers: from('Slate Lynx', 'Amber Falcon', 'Teal Osprey', 'Moss Badger'), addedAt: epoch }),
  inventTransfer({ name: 'Field recordings 2025', kind: 'folder', files: 1204, doneFiles: 108, bytes: 38.4e9, doneBytes: 3.46e9, rate: 17.8e6, peers: from('Moss Badger'), addedAt: epoch + 1 }),
  inventTransfer({ name: 'Lisbon_2026_final.mov', direction: 'up', bytes: 4.82e9, doneBytes: 3.42e9, rate: 18.2e6, peers: from('Coral Heron'), path: null, addedAt: epoch + 2 }),
  inventTransfer({ name: 'Archive_2019-2023.tar.zst', state: 'waiting', reason: { code: 'disk-full', params: { path: '/media/archive' } }, bytes: 104.2e9, doneBytes: 88.6e9, peers: from('Slate Lynx', 'Teal Osprey'), addedAt: epoch + 3 }),
  inventTransfer({ name: 'Course handouts', kind: 'folder', files: 64, doneFiles: 12, state: 'paused', bytes: 2.1e9, doneBytes: 0.4e9, peers: from('Rose Marten'), addedAt: epoch + 4 }),
  inventTransfer({ name: 'Sketchbook.procreate', state: 'failed', reason: { code: 'content-mismatch' }, bytes: 640e6, doneBytes: 210e6, peers: from('Copper Hare'), addedAt: epoch + 5 }),
  ...Array.from({ length: 128 }, (_, index) => inventTransfer({
    name: index === 0 ? 'Cover_A4.pdf' : `Roll ${String(index).padStart(3, '0')}.tif`, state: index % 17 === 5 ? 'cancelled' : 'done', bytes: 38.2e6 + index * 1e5, doneBytes: 38.2e6 + index * 1e5, doneFiles: 1,
    peers: from('Amber Falcon'), addedAt: epoch - index * minute, finishedAt: epoch - index * minute,
  })),
  inventTransfer({ name: 'Holiday film.mov', direction: 'up', state: 'done', bytes: 1.2e9, doneBytes: 1.2e9, doneFiles: 1, peers: from('Coral Heron'), takerName: 'Coral Heron', path: null, contentId: null, addedAt: epoch - 9 * minute, finishedAt: epoch - 5.5 * minute }),
  inventTransfer({ name: 'Scans', kind: 'folder', direction: 'up', state: 'cancelled', bytes: 4.82e9, doneBytes: 0.6e9, files: 212, doneFiles: 212, peers: from('Amber Falcon'), takerName: 'Amber Falcon', path: null, contentId: null, addedAt: epoch - 12 * minute, finishedAt: epoch - 7.5 * minute }),
];

/** One second of a running transfer; null when nothing moved. */
export function moved(transfer: Transfer, seconds: number, random: () => number): Transfer | null {
  if (transfer.state !== 'running') return null;
  const rate = Math.max(1e6, transfer.rate * (0.94 + 0.12 * random()));
  const doneBytes = Math.min(transfer.bytes, Math.floor(transfer.doneBytes + rate * seconds));
  const over = doneBytes >= transfer.bytes;
  const doneFiles = transfer.kind === 'file' ? Number(over) : Math.floor((transfer.files * doneBytes) / transfer.bytes);
  return over
    ? { ...transfer, doneBytes, doneFiles: transfer.files, state: 'done', rate: 0, etaSeconds: null, finishedAt: epoch }
    : { ...transfer, doneBytes, doneFiles, rate, etaSeconds: (transfer.bytes - doneBytes) / rate };
}

export function detailOf(transfer: Transfer): TransferDetail {
  const pieceBytes = 4 * MiB;
  const pieces = Math.ceil(transfer.bytes / pieceBytes);
  const piecesPerCell = Math.ceil(pieces / 2000);
  const count = Math.ceil(pieces / piecesPerCell);
  const share = transfer.doneBytes / transfer.bytes;
  const random = seeded(seedOf(transfer.name));
  const cells = Array.from({ length: count }, (_, index) => {
    const luck = random();
    if (transfer.reusedBytes > 0 && index > count * 0.11 && index < count * 0.15) return 'v';
    if (luck < share * (1.35 - (0.7 * index) / count)) return 'v';
    return luck < share + 0.03 && transfer.state === 'running' ? 'a' : '.';
  }).join('');
  const rates = Array.from({ length: 60 }, (_, index) => transfer.rate * Math.min(1, (index + 2) / 9) * (0.82 + 0.22 * random()) * (index > 24 && index < 29 ? 0.5 : 1));
  const weights = [0.646, 0.242, 0.103, 0.009];
  return {
    transfer, cells, piecesPerCell, pieces, verifiedPieces: Math.floor(pieces * share), rates,
    sources: transfer.peers.map((peer, index) => ({
      peer, latencyMs: [0.3, 0.4, 18, 1.2][index] ?? null, pieces: Math.floor(pieces * share * (weights[index] ?? 0)), bytes: Math.floor(transfer.doneBytes * (weights[index] ?? 0)), rate: transfer.rate * (weights[index] ?? 0), failures: index === 2 ? 1 : 0, state: transfer.state === 'running' ? 'feeding' as const : 'idle' as const, until: null,
    })),
    brake: transfer.state === 'running' ? { by: 'link', peer: transfer.peers.length === 1 ? transfer.peers[0] ?? null : null } : null,
  };
}

export const filesOf = (transfer: Transfer): TransferFile[] => Array.from({ length: transfer.files }, (_, index) => ({
  index, path: `ambience ${String(index + 1).padStart(4, '0')}.flac`, mappedPath: null, bytes: Math.floor(transfer.bytes / transfer.files), doneBytes: index === transfer.doneFiles ? Math.floor((0.62 * transfer.bytes) / transfer.files) : 0, priority: 'normal', state: index < transfer.doneFiles ? 'done' : 'waiting',
}));
