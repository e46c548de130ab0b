import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { entryText, nodeText, parseRevision, revisionWord, type RevisionWord, type Written } from './redis-rows.ts';

/** What one message holds at most, so that Redis does nothing else for a few milliseconds only. */
const mostDevices = 200;
const mostEntries = 1000;

interface Change {
  /** Null: it is gone. */
  readonly node: NodeRecord | null;
  /** Redis shall forget what the device announced before. */
  anew: boolean;
  /** For what is no change of ours, but what we know: Redis shall take it only if it has no newer version of the device than this. */
  over: number | null;
  /** Null: not announced any more. */
  readonly entries: Map<ContentId, Entry | null>;
}

export interface Batch {
  readonly number: number;
  readonly mark: string;
  readonly devices: Written['devices'];
  /** Notes that are written completely with it. */
  readonly notes: number;
}

interface Sent {
  readonly batch: Batch;
  /** Known when Redis has answered. */
  version: number | null;
}

/**
 * What this server changes in one part of the state, on its way to Redis: first it waits, all that is told of a device in one change; then it is sent; and when this server's
 * reading of the part has come to the version that Redis gave it, it is over. Until then the device is busy: what others say of it may be older or newer than our change.
 */
export class ShardWrites {
  readonly #waiting = new Map<DeviceId, Change>();
  readonly #sent: Sent[] = [];
  /** Records that Redis has, or will have by what waits, with what stands for the revision of their list there after what was sent; empty: nothing was. A record that is not among them begins anew there. */
  readonly #begun = new WeakMap<NodeRecord, RevisionWord>();
  #numbers = 0;
  /** How much was noted, and how much of that is written. */
  #noted = 0;
  #written = 0;
  readonly #waiters: { readonly until: number; readonly done: () => void }[] = [];

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  isBusy(deviceId: DeviceId): boolean {
    return this.#waiting.has(deviceId) || this.#sent.some(({ batch }) => batch.devices.some(({ id }) => id === deviceId));
  }

  /** What may be done, and is not heard of. */
  sentDevices(): DeviceId[] {
    return this.#sent.flatMap(({ batch }) => batch.devices.map(({ id }) => id));
  }

  /** Redis has this record, with this list or (null) the one that it had before. */
  begun(node: NodeRecord, word: RevisionWord | null): void {
    if (word !== null || !this.#begun.has(node)) this.#begun.set(node, word ?? '');
  }

  /** Than the one that Redis has by what was sent. */
  isAnotherList(node: NodeRecord): boolean {
    return node.revision !== parseRevision(this.#begun.get(node) ?? '');
  }

  changed(node: NodeRecord): void {
    this.#changeOf(node);
  }

  entry(node: NodeRecord, contentId: ContentId, entry: Entry | null): void {
    this.#changeOf(node).entries.set(contentId, entry);
  }

  gone(deviceId: DeviceId): void {
    this.#noted++;
    this.#waiting.set(deviceId, { node: null, anew: false, over: null, entries: new Map() });
  }

  /** Everything of a node that is there; whatever Redis has of it, or only over this version. */
  whole(node: NodeRecord, over: number | null): void {
    this.#noted++;
    this.#begun.set(node, '');
    this.#waiting.set(node.deviceId, { node, anew: true, over, entries: new Map(Array.from(node.listings.values(), (listing) => [listing.contentId, node.entryOf(listing)])) });
  }

  /** What is to be sent next, when what was sent before is answered; null when nothing waits. A long list takes several; it has its revision with the last of them, so that nobody takes a part for all of it. */
  take(mark: string): Batch | null {
    if (this.#waiting.size === 0) {
      // What Redis refused may have been given up.
      this.#written = this.#noted;
      this.#wake();
      return null;
    }
    const devices: Batch['devices'] = [];
    let room = mostEntries;
    for (const [id, change] of this.#waiting) {
      if (devices.length === mostDevices || room === 0) break;
      const { node, anew, over, entries } = change;
      const add: [string, string][] = [];
      const remove: ContentId[] = [];
      for (const [contentId, entry] of entries) {
        if (room === 0) break;
        room--;
        entries.delete(contentId);
        if (entry === null) remove.push(contentId);
        else add.push([contentId, entryText(entry)]);
      }
      devices.push({ id, node: node === null ? null : nodeText(node), ...this.#revisions(change, mark, add.length + remove.length > 0), anew, over, add, remove });
      Object.assign(change, { anew: false, over: null });
      if (entries.size === 0) this.#waiting.delete(id);
    }
    const batch: Batch = { number: ++this.#numbers, mark, devices, notes: this.#waiting.size === 0 ? this.#noted : this.#written };
    this.#sent.push({ batch, version: null });
    return batch;
  }

  isSent(number: number): boolean {
    return this.#sent.some(({ batch }) => batch.number === number);
  }

  /** Redis has done it. */
  answered(batch: Batch, version: number): void {
    const sent = this.#sent.find((each) => each.batch === batch);
    if (sent !== undefined) sent.version = version;
    this.#written = Math.max(this.#written, batch.notes);
    this.#wake();
  }

  /** Redis has not done it, and has not told it to anybody. */
  refused(batch: Batch): void {
    const at = this.#sent.findIndex((each) => each.batch === batch);
    if (at >= 0) this.#sent.splice(at, 1);
  }

  /** Reading has come to this version. */
  reached(version: number): void {
    for (let at = this.#sent.length - 1; at >= 0; at--) {
      const sent = this.#sent[at]?.version ?? null;
      if (sent !== null && sent <= version) this.#sent.splice(at, 1);
    }
  }

  /** Redis is away, and nobody knows what of this it has done: answers with the devices, and over which version. Nobody waits any more. */
  lose(): Map<DeviceId, number | null> {
    const devices = new Map([...this.#sent.flatMap(({ batch }) => batch.devices.map(({ id, over }) => [id, over] as const)), ...Array.from(this.#waiting, ([id, { over }]) => [id, over] as const)]);
    this.#waiting.clear();
    this.#sent.length = 0;
    this.#written = this.#noted;
    this.#wake();
    return devices;
  }

  /** Resolves when what was noted until now is written, or lost. */
  async settled(): Promise<void> {
    if (this.#written >= this.#noted) return;
    const until = this.#noted;
    await new Promise<void>((done) => { this.#waiters.push({ until, done }); });
  }

  #changeOf(node: NodeRecord): Change {
    this.#noted++;
    const waiting = this.#waiting.get(node.deviceId);
    if (waiting?.node === node) {
      waiting.over = null;
      return waiting;
    }
    const anew = !this.#begun.has(node);
    if (anew) this.#begun.set(node, '');
    const change: Change = { node, anew, over: null, entries: new Map() };
    this.#waiting.set(node.deviceId, change);
    return change;
  }

  /** Which revision the list has with what is sent now, and which it has to have before. */
  #revisions({ node, anew, entries }: Change, mark: string, isListed: boolean): Pick<Written['devices'][number], 'revision' | 'base'> {
    if (node === null) return { revision: null, base: null };
    const base = this.#begun.get(node) ?? '';
    const revision = entries.size > 0 ? null : node.revision;
    if (!anew && !isListed && revision === parseRevision(base)) return { revision: null, base: null };
    const word = revisionWord(revision, mark);
    this.#begun.set(node, word);
    return { revision: word, base: anew ? null : base };
  }

  #wake(): void {
    while ((this.#waiters[0]?.until ?? Infinity) <= this.#written) this.#waiters.shift()?.done();
  }
}
