import { randomBytes } from 'node:crypto';
import { isTransferId, type DeviceId, type ShareId, type TransferId } from '#shared/ids.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';
import type { Brake } from '#shared/model/brake.ts';
import type { Transfer, TransferDetail } from '#shared/model/transfer.ts';
import { RateEstimator } from '../../core/swarm/rate-estimator.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import { RecentFiles } from './recent-files.ts';

/** An upload nobody has asked anything of for this long is over. */
const idleMs = 15 * second;
const sweepEveryMs = 1 * second;
const samplesKept = 120;

interface Upload {
  readonly id: TransferId;
  readonly peer: DeviceId;
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly rate: RateEstimator;
  readonly files: RecentFiles;
  /** Bytes/s, one sample a sweep, oldest first. */
  readonly rates: number[];
  readonly startedAt: Timestamp;
  /** The last one it went out on. */
  link: Link;
  bytes: Bytes;
  savedBytes: Bytes;
  at: Timestamp;
  changed: boolean;
}

export interface UploadsPorts {
  readonly now: () => Timestamp;
  readonly shareName: (id: ShareId) => string | undefined;
  readonly brakeOf: (peer: DeviceId) => Brake | null;
  readonly onChange: (transfer: Transfer) => void;
  readonly onGone: (id: TransferId) => void;
}

/** What goes out, as people see it: one line for each device and share it takes from. */
export class Uploads {
  readonly #ports: UploadsPorts;
  readonly #uploads = new Map<string, Upload>();
  readonly #total = new RateEstimator(3 * second);
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: UploadsPorts) {
    this.#ports = ports;
  }

  /** `wireBytes`: what of the bytes had to travel, fewer when they were compressed. */
  sent(link: Link, file: FileRef, bytes: Bytes, wireBytes: Bytes): void {
    const now = this.#ports.now();
    this.#total.add(now, bytes);
    const key = `${link.remote.id}/${file.share ?? file.path.split('/')[0] ?? ''}`;
    const upload = this.#uploads.get(key) ?? this.#begin(key, link, file, now);
    upload.link = link;
    upload.bytes += bytes;
    upload.savedBytes += bytes - wireBytes;
    upload.at = now;
    upload.changed = true;
    upload.rate.add(now, bytes);
    upload.files.sent(file.path);
    this.#timer ??= setInterval(() => { this.#sweep(); }, sweepEveryMs);
  }

  list(): Transfer[] {
    return [...this.#uploads.values()].map((upload) => this.#view(upload));
  }

  /** One of them closely, or undefined: to whom, and how fast lately. Which pieces went where is the taker's business. */
  detail(id: TransferId): TransferDetail | undefined {
    const upload = [...this.#uploads.values()].find((each) => each.id === id);
    if (upload === undefined) return undefined;
    const transfer = this.#view(upload);
    return {
      transfer, cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, rates: [...upload.rates], savedBytes: upload.savedBytes, brake: this.#ports.brakeOf(upload.peer),
      sources: [{ peer: upload.peer, latencyMs: upload.link.latencyMs, pieces: 0, bytes: upload.bytes, rate: transfer.rate, state: 'feeding', until: null, failures: 0 }],
    };
  }

  /** To whom something goes out. */
  get running(): { readonly id: TransferId; readonly peer: DeviceId }[] {
    return [...this.#uploads.values()].map(({ id, peer }) => ({ id, peer }));
  }

  rate(): number {
    return this.#total.rate(this.#ports.now());
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #begin(key: string, link: Link, file: FileRef, now: Timestamp): Upload {
    const id = randomBytes(8).toString('hex');
    if (!isTransferId(id)) throw new Error('eight bytes are sixteen digits');
    const name = (file.share === null ? undefined : this.#ports.shareName(file.share)) ?? file.path.split('/')[0] ?? '';
    const upload: Upload = { id, link, peer: link.remote.id, name, kind: isAlone(file) ? 'file' : 'folder', rate: new RateEstimator(3 * second), files: new RecentFiles(), rates: [], startedAt: now, bytes: 0, savedBytes: 0, at: now, changed: true };
    this.#uploads.set(key, upload);
    return upload;
  }

  #sweep(): void {
    const now = this.#ports.now();
    for (const [key, upload] of this.#uploads) {
      upload.rates.push(Math.round(upload.rate.rate(now)));
      if (upload.rates.length > samplesKept) upload.rates.shift();
      if (now - upload.at > idleMs) {
        this.#uploads.delete(key);
        this.#ports.onGone(upload.id);
      } else if (upload.changed || upload.rate.rate(now) > 0) {
        upload.changed = false;
        this.#ports.onChange(this.#view(upload));
      }
    }
    if (this.#uploads.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #view(upload: Upload): Transfer {
    return {
      id: upload.id, direction: 'up', name: upload.name, kind: upload.kind, state: 'running', reason: null, bytes: upload.bytes, doneBytes: upload.bytes,
      files: upload.files.count, doneFiles: upload.files.count, reusedBytes: 0, rate: upload.rate.rate(this.#ports.now()), etaSeconds: null, priority: 'normal', inOrder: false,
      peers: [upload.peer], path: null, contentId: null, addedAt: upload.startedAt, finishedAt: null,
    };
  }
}

/** What is sent is this file, and not a folder it lies in. */
const isAlone = ({ share, path }: FileRef): boolean => (share === null ? !path.includes('/') : path === '');
