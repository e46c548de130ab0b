import { resolve } from 'node:path';
import { AppError, errorInfo } from '#shared/errors.ts';
import { ambiguous } from '#shared/find-named.ts';
import { isOfferId, type DeviceId, type OfferId, type TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { distinctNames } from '#shared/names.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import type { ControlParams, ControlResult, Notice } from '#shared/protocol/control.ts';
import type { Timestamp } from '#shared/units.ts';
import { LatestRows } from '../../disk/store/latest-rows.ts';
import type { Store } from '../../disk/store/store.ts';
import type { FileRef } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import type { NewDownload } from '../transfers/new-download.ts';
import { describeOffered, listOffered, offeredName, openOffered } from './offered-files.ts';
import { offersTable, type OfferRecord } from './offer-records.ts';

const itemsShown = 20;
const leftOutShown = 3;
const progressEveryMs = 500;
const prefix = 'offer:';

export interface OffersPorts {
  readonly store: Store;
  readonly now: () => Timestamp;
  readonly newId: () => OfferId;
  readonly linkTo: (id: DeviceId) => Link | undefined;
  readonly isPaired: (id: DeviceId) => boolean;
  /** Whether something on this machine, by its real path, is never given to anybody. */
  readonly isPrivate: (path: string) => boolean;
  readonly acceptsByItself: (id: DeviceId) => boolean;
  readonly downloadDir: () => string;
  readonly startDownload: (wanted: NewDownload) => Promise<Transfer>;
  readonly cancelDownload: (id: TransferId) => Promise<void>;
  /** A push of these files is over; `inUse` are the files of those that are not. */
  readonly onOver: (paths: readonly string[], inUse: readonly string[]) => void;
  /** Files that could be had by an offer of ours cannot any more. */
  readonly onRights: () => void;
  readonly onChange: (offer: Offer) => void;
  readonly onGone: (id: OfferId) => void;
  /** Something failed that nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/**
 * Pushes: what one person hands to another. The receiving side is asked, and then fetches what was offered like any other
 * download, from a source that only it can see (`offer:ID/…`); so pushes resume and verify as downloads do.
 */
export class Offers {
  readonly #ports: OffersPorts;
  /** What has ended in the order in which it did; of earlier starts, as it was asked. */
  readonly #records = new Map<OfferId, OfferRecord>();
  readonly #rows: LatestRows<OfferRecord>;
  readonly #toldAt = new Map<OfferId, Timestamp>();
  /** Offers to which a yes is being made good. */
  readonly #accepting = new Set<OfferId>();

  constructor(ports: OffersPorts) {
    this.#ports = ports;
    this.#rows = new LatestRows(ports.store, offersTable);
  }

  async open(): Promise<void> {
    const rows = await this.#ports.store.rows(offersTable);
    for (const [, record] of rows.toSorted(([, a], [, b]) => a.offer.at - b.offer.at)) this.#records.set(record.offer.id, record);
    await this.#forgetEnded();
  }

  get(id: OfferId): Offer | undefined {
    return this.#records.get(id)?.offer;
  }

  list(): Offer[] {
    return [...this.#records.values()].map(({ offer }) => offer).toSorted((a, b) => b.at - a.at);
  }

  get waiting(): number {
    let waiting = 0;
    for (const { offer } of this.#records.values()) if (offer.direction === 'in' && offer.state === 'asked') waiting++;
    return waiting;
  }

  async send(link: Link, paths: readonly string[]): Promise<Offer> {
    const wanted = paths.map((path) => resolve(path));
    const leftOut: string[] = [];
    const about = await Promise.all(wanted.map((path) => describeOffered(path, this.#ports.isPrivate, (left) => leftOut.push(left))));
    const names = distinctNames(wanted.map(offeredName));
    const items = about.map(({ kind, bytes, files }, at) => ({ name: names[at] ?? '', kind, bytes, files }));
    const sources = items.map(({ name, kind }, at) => ({ name, kind, path: wanted[at] ?? '' }));
    const left = leftOut.length === 0 ? {} : { leftOut: { count: leftOut.length, first: leftOut.slice(0, leftOutShown) } };
    return this.#offer(link, { text: null, items, ...left, bytes: items.reduce((sum, item) => sum + item.bytes, 0) }, sources);
  }

  sendText(link: Link, text: string): Promise<Offer> {
    if (Buffer.byteLength(text) > limits.push.textBytes) throw new AppError('bad-argument', { argument: 'text' });
    return this.#offer(link, { text, items: [], bytes: Buffer.byteLength(text) }, []);
  }

  async #offer(link: Link, what: Pick<Offer, 'text' | 'items' | 'leftOut' | 'bytes'>, sources: OfferRecord['sources']): Promise<Offer> {
    const id = this.#ports.newId();
    const offer: Offer = {
      id, direction: 'out', peer: link.remote.id, state: 'sending', reason: null, ...what, items: what.items.slice(0, itemsShown), count: what.items.length,
      doneBytes: 0, transfers: [], at: this.#ports.now(),
    };
    await this.#save({ offer, sources });
    try {
      await link.request('offer', { id, text: what.text, items: what.items, count: what.items.length, bytes: what.bytes });
    } catch (error) {
      await this.#change(id, { state: 'failed', reason: errorInfo(error) });
      throw error;
    }
    // An automatic yes may have overtaken the answer to the question.
    const now = this.#records.get(id)?.offer;
    return now?.state === 'sending' ? this.#change(id, { state: 'asked' }) : (now ?? offer);
  }

  /** A device asks whether we take something. */
  async asked(link: Link, { id, text, items, count, bytes }: ControlParams<'offer'>): Promise<ControlResult<'offer'>> {
    if (this.#records.has(id)) throw new AppError('already-exists', { name: id });
    if (!this.#hasRoomFor(link.remote.id)) throw new AppError('too-many');
    const offer: Offer = {
      id, direction: 'in', peer: link.remote.id, state: 'asked', reason: null, text, items: items.slice(0, itemsShown), count, bytes, doneBytes: 0,
      transfers: [], at: this.#ports.now(),
    };
    await this.#save({ offer, sources: [] });
    // The answer to the question goes out first.
    if (text === null && this.#ports.acceptsByItself(link.remote.id)) setImmediate(() => { this.#acceptByItself(id).catch(this.#ports.onError); });
    return {};
  }

  /** Strangers share their places: whoever is one can be many. */
  #hasRoomFor(peer: DeviceId): boolean {
    const waiting = [...this.#records.values()].filter(({ offer }) => offer.direction === 'in' && offer.state === 'asked');
    if (waiting.filter(({ offer }) => offer.peer === peer).length >= limits.push.offersWaiting) return false;
    return this.#ports.isPaired(peer) || waiting.filter(({ offer }) => !this.#ports.isPaired(offer.peer)).length < limits.push.offersOfStrangers;
  }

  /** Of what was taken back before anybody had answered the oldest make room; what the user said yes or no to stays. */
  async #forgetTakenBack(): Promise<void> {
    await this.#forgetOldest([...this.#records.values()].filter(({ offer }) => isTakenBack(offer)), limits.push.offersTakenBack);
  }

  /** Of what has ended the latest are remembered, in each direction for itself: what others send must not end what was given to somebody. */
  async #forgetEnded(): Promise<void> {
    for (const direction of ['in', 'out'] as const) {
      const ended = [...this.#records.values()].filter(({ offer }) => offer.direction === direction && hasEnded(offer) && !isTakenBack(offer));
      await this.#forgetOldest(ended, limits.push.offersEnded);
    }
  }

  async #forgetOldest(records: readonly OfferRecord[], kept: number): Promise<void> {
    if (records.length <= kept) return;
    const tooMany = records.slice(0, records.length - kept);
    for (const { offer: { id } } of tooMany) {
      this.#records.delete(id);
      this.#toldAt.delete(id);
      this.#ports.onGone(id);
    }
    if (tooMany.some(({ offer }) => isGiven(offer))) this.#ports.onRights();
    for (const record of tooMany) if (record.sources.length > 0 && !isOver(record.offer)) this.#tellOver(record);
    await Promise.all(tooMany.map(({ offer }) => this.#rows.put(offer.id, null)));
  }

  #tellOver(record: OfferRecord): void {
    this.#ports.onOver(pathsOf(record), [...this.#records.values()].filter(({ offer }) => !isOver(offer)).flatMap(pathsOf));
  }

  async #acceptByItself(id: OfferId): Promise<void> {
    try {
      await this.accept(id, undefined);
    } catch (error) {
      // It may have been taken back or answered by hand meanwhile; then there is nothing left to fail.
      if (this.#records.get(id)?.offer.state === 'asked') await this.#change(id, { state: 'failed', reason: errorInfo(error) });
    }
  }

  async accept(text: string, to: string | undefined): Promise<Offer> {
    const { offer } = this.#find(text);
    this.#mustBe(offer, 'in', 'asked');
    if (offer.text !== null) {
      this.#ports.linkTo(offer.peer)?.notify({ kind: 'offer-answer', id: offer.id, answer: 'accepted' });
      return this.#change(offer.id, { state: 'done', doneBytes: offer.bytes });
    }
    this.#accepting.add(offer.id);
    try {
      return await this.#fetch(offer, to ?? this.#ports.downloadDir());
    } finally {
      this.#accepting.delete(offer.id);
    }
  }

  async #fetch(offer: Offer, base: string): Promise<Offer> {
    const only = offer.count === 1 ? offer.items[0] : undefined;
    const transfer = await this.#ports.startDownload({
      source: { kind: 'path', peer: offer.peer, path: prefix + offer.id }, kind: only?.kind ?? 'folder', bundle: true,
      name: only?.name ?? `${offer.items[0]?.name ?? ''} +${offer.count - 1}`, contentId: null, base, priority: 'normal', inOrder: false,
      offered: { names: offer.items.length === offer.count ? offer.items.map(({ name }) => name) : null, bytes: offer.bytes },
    });
    if (this.#records.get(offer.id)?.offer.state !== 'asked') {
      // Taken back while the yes was on its way to the disk: nothing will come.
      await this.#ports.cancelDownload(transfer.id);
      throw new AppError('offer-unknown', { name: offer.id });
    }
    this.#ports.linkTo(offer.peer)?.notify({ kind: 'offer-answer', id: offer.id, answer: 'accepted' });
    return this.#change(offer.id, { state: 'accepted', transfers: [transfer.id] });
  }

  async decline(text: string): Promise<Offer> {
    const { offer } = this.#find(text);
    this.#mustBe(offer, 'in', 'asked');
    this.#ports.linkTo(offer.peer)?.notify({ kind: 'offer-answer', id: offer.id, answer: 'declined' });
    return this.#change(offer.id, { state: 'declined' });
  }

  async cancel(id: OfferId): Promise<Offer> {
    const { offer } = this.#find(id);
    for (const transfer of offer.transfers) await this.#ports.cancelDownload(transfer);
    this.#ports.linkTo(offer.peer)?.notify({ kind: 'offer-withdrawn', id });
    return this.#change(id, { state: 'cancelled' });
  }

  /** What the other side says about an offer of ours, or takes back of its own. */
  async notice(link: Link, notice: Extract<Notice, { kind: 'offer-answer' | 'offer-progress' | 'offer-withdrawn' }>): Promise<void> {
    const offer = this.#records.get(notice.id)?.offer;
    if (offer === undefined || offer.peer !== link.remote.id) return;
    if (notice.kind === 'offer-withdrawn') {
      for (const transfer of offer.transfers) await this.#ports.cancelDownload(transfer);
      if (offer.state !== 'done') await this.#change(offer.id, { state: 'cancelled' });
      return this.#forgetTakenBack();
    }
    if (offer.direction !== 'out' || offer.state === 'cancelled') return;
    if (notice.kind === 'offer-answer') {
      const accepted = offer.text === null ? 'accepted' : 'done';
      await this.#change(offer.id, { state: notice.answer === 'accepted' ? accepted : 'declined', ...(accepted === 'done' ? { doneBytes: offer.bytes } : {}) });
      return;
    }
    const state = notice.state === 'running' ? 'accepted' : notice.state;
    await this.#change(offer.id, { state, doneBytes: Math.min(notice.doneBytes, offer.bytes) });
  }

  /** A download that carries an offer has moved: the sender sees it too, at most twice a second. */
  transferChanged(transfer: Transfer): void {
    for (const { offer } of this.#records.values()) {
      if (offer.direction !== 'in' || !offer.transfers.includes(transfer.id)) continue;
      const state = transfer.state === 'done' || transfer.state === 'cancelled' || transfer.state === 'failed' ? transfer.state : 'running';
      const now = this.#ports.now();
      if (state === 'running' && now - (this.#toldAt.get(offer.id) ?? 0) < progressEveryMs) return;
      this.#toldAt.set(offer.id, now);
      this.#ports.linkTo(offer.peer)?.notify({ kind: 'offer-progress', id: offer.id, doneBytes: transfer.doneBytes, state });
      this.#change(offer.id, { state: state === 'running' ? 'accepted' : state, doneBytes: transfer.doneBytes }).catch(this.#ports.onError);
      return;
    }
  }

  isOfferPath(path: string): boolean {
    return path.startsWith(prefix);
  }

  /** Files of an offer, for the device it was made to. */
  walk(link: Link, path: string, cursor: string | undefined, limit: number): ReturnType<typeof listOffered> {
    return listOffered(this.#offeredTo(link, path).record.sources, cursor, limit, this.#ports.isPrivate);
  }

  async openFile(link: Link, path: string): Promise<FileRef> {
    const { record, rest } = this.#offeredTo(link, path);
    return { ...(await openOffered(record.sources, rest, this.#ports.isPrivate)), offer: record.offer.id };
  }

  #offeredTo(link: Link, path: string): { record: OfferRecord; rest: string } {
    const [id = '', ...rest] = path.slice(prefix.length).split('/');
    const record = isOfferId(id) ? this.#records.get(id) : undefined;
    if (record?.offer.peer !== link.remote.id || !isGiven(record.offer)) throw new AppError('not-found', { name: path });
    return { record, rest: rest.join('/') };
  }

  /** By id or unique prefix of one. */
  #find(text: string): OfferRecord {
    const exact = isOfferId(text) ? this.#records.get(text) : undefined;
    if (exact !== undefined) return exact;
    const matching = text.length < 4 ? [] : [...this.#records.values()].filter(({ offer }) => offer.id.startsWith(text.toLowerCase()));
    if (matching.length > 1) throw ambiguous(text, matching.map(({ offer }) => offer.id));
    if (matching[0] === undefined) throw new AppError('offer-unknown', { name: text });
    return matching[0];
  }

  #mustBe(offer: Offer, direction: Offer['direction'], state: Offer['state']): void {
    if (offer.direction !== direction || offer.state !== state || this.#accepting.has(offer.id)) throw new AppError('offer-unknown', { name: offer.id });
  }

  async #change(id: OfferId, change: Partial<Offer>): Promise<Offer> {
    const record = this.#records.get(id);
    if (record === undefined) throw new AppError('offer-unknown', { name: id });
    const next = { ...record, offer: { ...record.offer, ...change } };
    await this.#save(next);
    return next.offer;
  }

  async #save(record: OfferRecord): Promise<void> {
    const before = this.#records.get(record.offer.id);
    const isOverNow = isOver(record.offer) && (before === undefined || !isOver(before.offer));
    const endsNow = hasEnded(record.offer) && (before === undefined || !hasEnded(before.offer));
    if (endsNow) this.#records.delete(record.offer.id);
    this.#records.set(record.offer.id, record);
    if (before !== undefined && isGiven(before.offer) && !isGiven(record.offer)) this.#ports.onRights();
    this.#ports.onChange(record.offer);
    await this.#rows.put(record.offer.id, record);
    if (record.sources.length > 0 && isOverNow) this.#tellOver(record);
    if (endsNow) await this.#forgetEnded();
  }
}

const isGiven = ({ direction, state }: Offer): boolean => direction === 'out' && ['sending', 'asked', 'accepted', 'done'].includes(state);
const isOver = ({ state }: Offer): boolean => state === 'done' || state === 'declined' || state === 'cancelled';
/** Nothing happens to it by itself any more. */
const hasEnded = (offer: Offer): boolean => isOver(offer) || offer.state === 'failed';
/** Before anybody here had answered. */
const isTakenBack = ({ direction, state, transfers }: Offer): boolean => direction === 'in' && state === 'cancelled' && transfers.length === 0;
const pathsOf = ({ sources }: OfferRecord): string[] => sources.map(({ path }) => path);
