import { setImmediate as turn } from 'node:timers/promises';
import type { DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import type { Millis } from '#shared/units.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type { SharedState } from '../registry-store.ts';
import { shardKeys, shardOf, type ShardKeys } from './redis-keys.ts';
import { isSame, parseDeviceId, parseEntry, parseRevision, parseRow, parseStamped, parseTold, type Stamp, type ToldDevice } from './redis-rows.ts';
import { agesAnswer, agesScript, beginAnswer, beginScript, forgetScript, heardAnswer, heardScript, writeAnswer, writeScript } from './redis-scripts.ts';
import type { RedisSession } from './redis-session.ts';
import { ShardWrites } from './shard-writes.ts';

/** Devices whose entries are asked for at once, and entries that are taken in before others have their turn. */
const readAtOnce = 8;
const takenAtOnce = 200;

/** What a part of the state needs of the store that it belongs to. */
export interface ShardHost {
  /** This run of this server. */
  readonly by: string;
  readonly state: SharedState;
  /** Changes memory without that being told to Redis. */
  quietly<Result>(work: () => Result): Result;
  isCurrent(session: RedisSession): boolean;
  failed(session: RedisSession, error: unknown): void;
  /** Rows or messages that are not as they should be. */
  skipped(count: number): void;
  expired(count: number): void;
  /** Heard of lately, here. */
  isHeard(node: NodeRecord): boolean;
}

/**
 * One part of the state, in memory and in Redis. Redis counts the changes, and tells each with its number and the mark of the one before, so all servers hear them in one order, and notice when one is missing or the count has gone back. What is there is read row by row while changes
 * go on: those that are told meanwhile wait, and are applied to what was read from the number on that was current before. A row may be newer than that; the same changes once more lead to the same end.
 *
 * Our own changes are in memory before Redis has them. When somebody else changes the same device meanwhile, nobody here knows whose change came last: the
 * device is contested, and read again when our change is through. The same happens to the whole part when a number is missing.
 */
export class Shard {
  readonly writes = new ShardWrites();
  readonly keys: ShardKeys;
  readonly #number: number;
  readonly #host: ShardHost;
  /** The last change that is in memory. */
  #stamp: Stamp = { version: 0, mark: '-' };
  /** Of each device that Redis has, or may have, which change of it is in memory. Null: it is to be read. */
  readonly #stamps = new Map<DeviceId, Stamp | null>();
  #marks = 0;
  /**
   * What Redis may not have as memory has it. Null: changed here while nobody could tell Redis, or could be sure that it heard. A version: known here, and perhaps lost
   * there; to be written over nothing newer than that.
   */
  readonly #unsure = new Map<DeviceId, number | null>();
  readonly #contested = new Set<DeviceId>();
  /** Whose entries are to be read, with the stamp of the row that said so. */
  readonly #unread = new Map<DeviceId, Stamp>();
  /** What was told while the part is being read. */
  #waiting: string[] | null = [];
  #before = this.#stamp;
  #session: RedisSession | null = null;
  #isWriting = false;
  #isReading = false;
  #readAgain = false;
  #ahead = 0;

  constructor(number: number, host: ShardHost) {
    this.#number = number;
    this.#host = host;
    this.keys = shardKeys(number);
  }

  changed(node: NodeRecord): void {
    // It was compared with a list that is not read: nobody knows what it leads to.
    if (this.#stamps.get(node.deviceId) === null && this.writes.isAnotherList(node)) node.revision = null;
    if (this.#session === null) this.#unsure.set(node.deviceId, null);
    else this.writes.changed(node);
    this.#write();
  }

  entry(node: NodeRecord, entry: Entry | null, contentId: Entry['contentId']): void {
    if (this.#session === null) this.#unsure.set(node.deviceId, null);
    else this.writes.entry(node, contentId, entry);
    this.#write();
  }

  gone(deviceId: DeviceId): void {
    if (this.#session === null) this.#unsure.set(deviceId, null);
    else this.writes.gone(deviceId);
    this.#write();
  }

  /** What memory has of a device is nothing that Redis should hear of. */
  forgotten(deviceId: DeviceId): void {
    this.#unsure.delete(deviceId);
  }

  /** Redis is away. */
  lose(): void {
    for (const [deviceId, over] of this.writes.lose()) this.#unsure.set(deviceId, over);
    this.#session = null;
    this.#contested.clear();
    this.#unread.clear();
    this.#waiting = [];
    this.#isReading = false;
    this.#readAgain = false;
  }

  heard(text: string): void {
    if (this.#waiting !== null) this.#waiting.push(text);
    else if (!this.#take(text)) this.#doubt();
  }

  /** Reads the nodes; changes have to be heard already. From then on what changes here is written. */
  async readNodes(session: RedisSession, isReturn: boolean): Promise<void> {
    const { keys } = this;
    const [version, mark, jumped] = beginAnswer.parse(await session.run(beginScript, [keys.stamp, keys.nodes, keys.heard], [this.#stamp.version, this.#mark()]));
    const rows = (await session.hash(keys.nodes)) ?? {};
    if (!this.#host.isCurrent(session)) return;
    this.#before = { version, mark };
    if (jumped === 1) {
      for (const [deviceId, known] of this.#stamps) {
        if (this.#host.state.node(deviceId) !== undefined && !this.#unsure.has(deviceId) && !this.writes.isBusy(deviceId)) this.#unsure.set(deviceId, known?.version ?? 0);
      }
    }
    this.#compareNodes(rows, isReturn);
    this.#session = session;
    for (const [deviceId, over] of this.#unsure) this.#writeWhole(deviceId, over);
    this.#unsure.clear();
    this.#write();
  }

  /** Reads the entries of nodes that are new or changed, and takes what was told meanwhile. */
  async readEntries(session: RedisSession): Promise<void> {
    const unread = [...this.#unread];
    for (let at = 0; at < unread.length; at += readAtOnce) {
      const some = unread.slice(at, at + readAtOnce);
      const hashes = await Promise.all(some.map(([deviceId]) => session.hash(this.keys.entries(deviceId))));
      for (const [index, [deviceId]] of some.entries()) if (!(await this.#takeEntries(session, deviceId, hashes[index] ?? {}))) this.#unread.delete(deviceId);
    }
    if (!this.#host.isCurrent(session)) return;
    // Entries may be newer than the row, and are what the row says only with what was told meanwhile.
    for (const [deviceId, stamp] of this.#unread) this.#stamps.set(deviceId, stamp);
    this.#unread.clear();
    this.#stamp = this.#before;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    let isSure = true;
    for (const text of waiting) isSure = this.#take(text) && isSure;
    this.writes.reached(this.#stamp.version);
    if (!isSure) this.#doubt();
    this.#settleContested();
  }

  /** Tells which devices were heard of, and forgets those that nobody has heard of for so long (null: nobody). Answers with the time of Redis. */
  async tell(session: RedisSession, heard: readonly DeviceId[], silenceMs: Millis | null): Promise<Millis> {
    const { keys } = this;
    const [version, mark, time, ...silent] = heardAnswer.parse(await session.run(heardScript, [keys.stamp, keys.heard], [silenceMs ?? '', ...heard]));
    // Whatever was told before the last time has arrived long since, unless it was lost.
    const isOther = version < this.#stamp.version || (version === this.#stamp.version && mark !== this.#stamp.mark);
    if (this.#waiting === null && (isOther || this.#ahead > this.#stamp.version)) this.#doubt();
    this.#ahead = version;
    if (silent.length > 0) await session.run(forgetScript, [keys.stamp, keys.nodes, keys.heard, ...silent.map((id) => `${keys.entries('' as DeviceId)}${id}`)], [keys.changes, this.#mark(), silenceMs ?? '', ...silent]);
    return time;
  }

  /** How long ago devices were heard of; -1: Redis does not have it. */
  async ages(session: RedisSession, devices: readonly DeviceId[]): Promise<Millis[]> {
    return agesAnswer.parse(await session.run(agesScript, [this.keys.heard], devices));
  }

  #mark(): string {
    return `${this.#host.by}.${++this.#marks}`;
  }

  #compareNodes(rows: Readonly<Record<string, string>>, isReturn: boolean): void {
    const { state, quietly, isHeard, skipped } = this.#host;
    const present = new Set<DeviceId>();
    let damaged = 0;
    for (const [field, row] of Object.entries(rows)) {
      const deviceId = parseDeviceId(field);
      const found = deviceId === null || shardOf(deviceId) !== this.#number ? null : parseRow(deviceId, row);
      if (deviceId === null || found === null) {
        damaged++;
        continue;
      }
      present.add(deviceId);
      const { stamp, word, node } = found;
      const over = this.#unsure.get(deviceId);
      if (over === null || (over !== undefined && stamp.version <= over)) continue;
      this.#unsure.delete(deviceId);
      const known = state.node(deviceId) === undefined ? null : this.#stamps.get(deviceId) ?? null;
      if (isSame(known, stamp)) continue;
      if (this.writes.isBusy(deviceId)) {
        this.#contest(deviceId);
        continue;
      }
      // Redis has lost what we know, and another server has gone on from there.
      if (known !== null && known.version > stamp.version) {
        this.#unsure.set(deviceId, known.version);
        continue;
      }
      const adopted = quietly(() => state.adopt(node, false));
      if (adopted === null) continue;
      this.writes.begun(adopted, word);
      this.#stamps.set(deviceId, null);
      this.#unread.set(deviceId, stamp);
    }
    for (const [deviceId, known] of [...this.#stamps]) {
      if (present.has(deviceId) || this.#unsure.has(deviceId) || this.writes.isBusy(deviceId)) continue;
      const node = state.node(deviceId);
      // The others could not know that it was heard of here while Redis was away.
      if (isReturn && node !== undefined && isHeard(node)) this.#unsure.set(deviceId, known?.version ?? 0);
      else {
        quietly(() => state.unregister(deviceId));
        this.#stamps.delete(deviceId);
      }
    }
    // Written by us and gone again before we heard of it, perhaps.
    for (const deviceId of this.writes.sentDevices()) if (!present.has(deviceId) && state.node(deviceId) !== undefined) this.#contest(deviceId);
    if (damaged > 0) skipped(damaged);
  }

  #writeWhole(deviceId: DeviceId, over: number | null): void {
    const node = this.#host.state.node(deviceId);
    if (node === undefined) {
      if (over === null) this.writes.gone(deviceId);
    } else {
      // Nobody takes a part of a list for all of it.
      if (this.#stamps.get(deviceId) === null) node.revision = null;
      this.writes.whole(node, over);
    }
  }

  /** False when they were not taken. */
  async #takeEntries(session: RedisSession, deviceId: DeviceId, rows: Readonly<Record<string, string>>): Promise<boolean> {
    const { state, quietly, skipped, isCurrent } = this.#host;
    const node = state.node(deviceId);
    if (node === undefined) return false;
    const fields = Object.entries(rows);
    const entries = fields.map(([contentId, text]) => parseEntry(contentId, text)).filter((entry) => entry !== null);
    const kept = new Set(entries.map(({ contentId }) => contentId));
    const remove = [...node.listings.keys()].filter((contentId) => !kept.has(contentId));
    for (let at = 0; at < Math.max(entries.length, remove.length); at += takenAtOnce) {
      if (at > 0) await turn();
      if (!isCurrent(session) || node.gone) return false;
      if (this.writes.isBusy(deviceId)) {
        this.#contest(deviceId);
        return false;
      }
      quietly(() => { state.adoptEntries(node, entries.slice(at, at + takenAtOnce), remove.slice(at, at + takenAtOnce)); });
    }
    if (entries.length < fields.length) {
      // It will tell everything again.
      node.revision = null;
      skipped(fields.length - entries.length);
    }
    return true;
  }

  /** False when something was missed. */
  #take(text: string): boolean {
    const { stamp, word: before, text: message } = parseStamped(text) ?? { stamp: null, word: '', text: '' };
    // Told before the part was read. A number that comes once more after that is another.
    if (stamp !== null && stamp.version <= this.#before.version) return true;
    const isNext = stamp !== null && stamp.version === this.#stamp.version + 1 && before === this.#stamp.mark;
    const told = isNext ? parseTold(message) : null;
    if (stamp === null || told === null) {
      this.#host.skipped(1);
      return false;
    }
    this.#stamp = stamp;
    if (told.kind === 'silent') for (const deviceId of told.devices) this.#applied(deviceId, null, stamp, true);
    else if (told.by === this.#host.by && this.writes.isSent(told.batch)) for (const [deviceId, device] of told.devices) this.#reached(deviceId, device, stamp);
    else for (const [deviceId, device] of told.devices) this.#applied(deviceId, device, stamp, false);
    this.writes.reached(stamp.version);
    this.#settleContested();
    return true;
  }

  /** Our own change is through. */
  #reached(deviceId: DeviceId, device: ToldDevice | null, stamp: Stamp): void {
    if (this.#contested.has(deviceId)) return;
    if (device === null) this.#stamps.delete(deviceId);
    else if (device.anew || this.#stamps.get(deviceId) !== null) this.#stamps.set(deviceId, stamp);
  }

  #applied(deviceId: DeviceId, device: ToldDevice | null, stamp: Stamp, isSilent: boolean): void {
    const { state, quietly, expired } = this.#host;
    if (shardOf(deviceId) !== this.#number) return;
    if (this.writes.isBusy(deviceId)) {
      this.#contest(deviceId);
      return;
    }
    if (device === null) {
      this.#stamps.delete(deviceId);
      if (quietly(() => state.unregister(deviceId)) && isSilent) expired(1);
      return;
    }
    const isWhole = device.anew || (this.#stamps.get(deviceId) ?? null) !== null;
    const node = quietly(() => {
      const revision = device.word === null ? state.node(deviceId)?.revision : parseRevision(device.word);
      const adopted = state.adopt({ ...device.node, revision: revision ?? null }, device.anew);
      if (adopted !== null) state.adoptEntries(adopted, device.add, device.remove);
      return adopted;
    });
    if (node === null) return;
    this.writes.begun(node, device.word);
    this.#stamps.set(deviceId, isWhole ? stamp : null);
    if (!isWhole) this.#contest(deviceId);
  }

  /** Nobody knows whether memory has what Redis has: it is read when our changes are through. */
  #contest(deviceId: DeviceId): void {
    this.#contested.add(deviceId);
    this.#unread.delete(deviceId);
    this.#stamps.set(deviceId, null);
  }

  #settleContested(): void {
    if (this.#waiting !== null) return;
    let isFree = false;
    for (const deviceId of this.#contested) {
      if (this.writes.isBusy(deviceId)) continue;
      this.#contested.delete(deviceId);
      isFree = true;
    }
    if (isFree) this.#doubt();
  }

  /** What is in memory may not be what is in Redis: it is compared again. */
  #doubt(): void {
    const session = this.#session;
    if (session === null) return;
    if (this.#isReading || this.#waiting !== null) this.#readAgain = true;
    else void this.#readAll(session);
  }

  async #readAll(session: RedisSession): Promise<void> {
    this.#isReading = true;
    try {
      do {
        this.#readAgain = false;
        this.#waiting ??= [];
        await this.readNodes(session, false);
        await this.readEntries(session);
      } while (this.#readAgain && this.#host.isCurrent(session));
    } catch (error) {
      this.#host.failed(session, error);
    } finally {
      if (this.#host.isCurrent(session)) this.#isReading = false;
    }
  }

  #write(): void {
    const session = this.#session;
    if (session === null || this.#isWriting || !this.writes.isWaiting) return;
    this.#isWriting = true;
    void this.#writeWaiting(session).catch((error: unknown) => { this.#host.failed(session, error); }).finally(() => {
      this.#isWriting = false;
      this.#write();
    });
  }

  async #writeWaiting(session: RedisSession): Promise<void> {
    // What is told in one go is one message.
    await Promise.resolve();
    const { keys } = this;
    while (this.#host.isCurrent(session)) {
      const batch = this.writes.take(this.#mark());
      if (batch === null) return;
      const message = JSON.stringify({ by: this.#host.by, batch: batch.number, devices: batch.devices });
      const [version, ...outdated] = writeAnswer.parse(await session.run(writeScript, [keys.stamp, keys.nodes, keys.heard, ...batch.devices.map(({ id }) => keys.entries(id))], [keys.changes, message, batch.mark]));
      if (!this.#host.isCurrent(session)) return;
      if (version === 0) {
        this.writes.refused(batch);
        for (const { id, over } of batch.devices) {
          // Another server knows better; or Redis has forgotten what our change builds on.
          if (outdated.includes(id)) this.#contest(id);
          else this.#writeWhole(id, over);
        }
      } else this.writes.answered(batch, version);
      this.writes.reached(this.#stamp.version);
      this.#settleContested();
    }
  }
}
