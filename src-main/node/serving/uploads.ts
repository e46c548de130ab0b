import { randomBytes } from 'node:crypto';
import { isTransferId, type DeviceId, type OfferId, type ShareId, type TransferId } from '#shared/ids.ts';
import { second } from '#shared/units.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';
import type { Brake } from '#shared/model/brake.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer, TransferDetail } from '#shared/model/transfer.ts';
import { RateEstimator } from '../../core/swarm/rate-estimator.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import type { FinishedUpload } from './finished-uploads.ts';
import { RecentFiles } from './recent-files.ts';

/** An upload nobody has asked anything of for this long is over. */
const idleMs = 15 * second;
const sweepEveryMs = 1 * second;
const samplesKept = 120;

interface Upload {
  readonly id: TransferId;
  readonly peer: DeviceId;
  /** The push that it carries. */
  readonly offer: OfferId | null;
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
  /** What was told last of it is not how it is. */
  changed: boolean;
}

export interface UploadsPorts {
  readonly now: () => Timestamp;
  readonly shareName: (id: ShareId) => string | undefined;
  readonly nameOf: (peer: DeviceId) => string | undefined;
  readonly offerOf: (id: OfferId) => Offer | undefined;
  readonly brakeOf: (peer: DeviceId) => Brake | null;
  readonly onChange: (transfer: Transfer) => void;
  /** A push goes on of which it was said that it had ended. */
  readonly onResumed: (id: TransferId) => void;
  /** Nothing more of it is to be seen, and nothing to be remembered. */
  readonly onGone: (id: TransferId) => void;
  readonly onEnd: (upload: FinishedUpload) => void;
}

/** What goes out, as people see it: one line for each push, and for each device and share it takes from. */
export class Uploads {
  readonly #ports: UploadsPorts;
  readonly #uploads = new Map<string, Upload>();
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: UploadsPorts) {
    this.#ports = ports;
  }

  /** `wireBytes`: what of the bytes had to travel, fewer when they were compressed. */
  sent(link: Link, file: FileRef, bytes: Bytes, wireBytes: Bytes): void {
    const now = this.#ports.now();
    const key = keyOf(link.remote.id, file.offer ?? file.share ?? file.path.split('/')[0] ?? '');
    const upload = this.#uploads.get(key) ?? this.#begin(key, link, file, now);
    if (upload === null) return;
    upload.link = link;
    upload.bytes += bytes;
    upload.savedBytes += bytes - wireBytes;
    upload.at = now;
    upload.changed = true;
    upload.rate.add(now, bytes);
    upload.files.sent(file.path, file.bytes);
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

  /** Bytes a second, of all that is listed. */
  rate(): number {
    const now = this.#ports.now();
    return [...this.#uploads.values()].reduce((sum, upload) => sum + upload.rate.rate(now), 0);
  }

  /** A push is over by the word of either side, however long ago the last byte went out. One of which nothing ever did leaves no trace. */
  offerChanged(offer: Offer): void {
    if (offer.direction === 'in' || offer.text !== null || !hasEnded(offer)) return;
    const key = keyOf(offer.peer, offer.id);
    const upload = this.#uploads.get(key);
    this.#uploads.delete(key);
    if (offer.state !== 'done' && offer.doneBytes === 0 && upload === undefined) return;
    const { bytes, doneBytes } = offer;
    this.#ports.onEnd({
      id: upload?.id ?? idOfOffer(offer), peer: offer.peer, peerName: this.#ports.nameOf(offer.peer) ?? '', name: nameOfOffer(offer), kind: kindOfOffer(offer), state: offer.state === 'done' ? 'done' : 'cancelled',
      bytes, doneBytes, files: filesOfOffer(offer) ?? upload?.files.count ?? 0, startedAt: upload?.startedAt ?? offer.at, finishedAt: this.#ports.now(),
    });
  }

  /** What goes out now has ended. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const upload of this.#uploads.values()) this.#end(upload);
    this.#uploads.clear();
  }

  /** Null for the last bytes of a push that is over: it has been told. */
  #begin(key: string, link: Link, file: FileRef, now: Timestamp): Upload | null {
    const offer = file.offer === undefined ? undefined : this.#ports.offerOf(file.offer);
    if (file.offer !== undefined && (offer === undefined || hasEnded(offer))) return null;
    const name = (file.share === null ? undefined : this.#ports.shareName(file.share)) ?? file.path.split('/')[0] ?? '';
    const upload: Upload = {
      id: offer === undefined ? transferIdAt(now, randomBytes(3).toString('hex')) : idOfOffer(offer), offer: offer?.id ?? null, link, peer: link.remote.id, name: offer === undefined ? name : nameOfOffer(offer),
      kind: offer === undefined ? (isAlone(file) ? 'file' : 'folder') : kindOfOffer(offer), rate: new RateEstimator(3 * second), files: new RecentFiles(), rates: [], startedAt: now, bytes: 0, savedBytes: 0, at: now, changed: true,
    };
    this.#uploads.set(key, upload);
    if (offer !== undefined) this.#ports.onResumed(upload.id);
    return upload;
  }

  /** A push that nobody fetches for a while goes on later: it ends by a word. */
  #end({ id, peer, offer, name, kind, link, files, bytes, startedAt, at }: Upload): void {
    if (offer !== null) return this.#ports.onGone(id);
    // What came twice is no more than all of it.
    const doneBytes = Math.min(bytes, files.bytes);
    this.#ports.onEnd({
      id, peer, peerName: this.#ports.nameOf(peer) ?? link.remote.name, name, kind, state: doneBytes === files.bytes ? 'done' : 'cancelled', bytes: files.bytes, doneBytes, files: files.count, startedAt, finishedAt: at,
    });
  }

  #sweep(): void {
    const now = this.#ports.now();
    for (const [key, upload] of this.#uploads) {
      upload.rates.push(Math.round(upload.rate.rate(now)));
      if (upload.rates.length > samplesKept) upload.rates.shift();
      if (now - upload.at > idleMs) {
        this.#uploads.delete(key);
        this.#end(upload);
      } else if (upload.changed) {
        const view = this.#view(upload);
        // Once more when it has come to rest: the last that is told of its speed must not stay.
        upload.changed = view.rate > 0;
        this.#ports.onChange(view);
      }
    }
    if (this.#uploads.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #view(upload: Upload): Transfer {
    const offer = upload.offer === null ? undefined : this.#ports.offerOf(upload.offer);
    const rate = upload.rate.rate(this.#ports.now());
    // Who fetches from a share says nothing of how much they still want; of a push all is known, and they say what has arrived.
    const { bytes, doneBytes } = offer ?? { bytes: upload.bytes, doneBytes: upload.bytes };
    return {
      id: upload.id, direction: 'up', name: upload.name, kind: upload.kind, state: 'running', reason: null, bytes, doneBytes,
      files: (offer && filesOfOffer(offer)) ?? upload.files.count, doneFiles: upload.files.count, reusedBytes: 0, rate, etaSeconds: offer !== undefined && rate > 0 ? Math.ceil((bytes - doneBytes) / rate) : null, priority: 'normal', inOrder: false,
      peers: [upload.peer], path: null, contentId: null, addedAt: upload.startedAt, finishedAt: null, ...(offer === undefined ? {} : { offer: offer.id }),
    };
  }
}

const keyOf = (peer: DeviceId, what: string): string => `${peer}/${what}`;

/** In the order of the times; of two that begin in the same millisecond `tail` tells which one it is. */
function transferIdAt(at: Timestamp, tail: string): TransferId {
  const id = at.toString(16).padStart(11, '0') + tail.slice(0, 5);
  if (!isTransferId(id)) throw new Error('eleven digits and five are sixteen');
  return id;
}

/** The same after a restart: a push is one line, however often it is interrupted. */
const idOfOffer = ({ id, at }: Offer): TransferId => transferIdAt(at, id);
const hasEnded = ({ state }: Offer): boolean => state === 'done' || state === 'declined' || state === 'cancelled' || state === 'failed';
const nameOfOffer = ({ items: [first], count }: Offer): string => `${first?.name ?? ''}${count > 1 ? ` +${count - 1}` : ''}`;
const kindOfOffer = ({ items: [first], count }: Offer): Transfer['kind'] => (count === 1 && first !== undefined ? first.kind : 'folder');
/** Undefined when it lists not all of its items. */
const filesOfOffer = ({ items, count }: Offer): number | undefined => (items.length === count ? items.reduce((sum, { files }) => sum + files, 0) : undefined);

/** What is sent is this file, and not a folder it lies in. */
const isAlone = ({ share, path }: FileRef): boolean => (share === null ? !path.includes('/') : path === '');
