import { randomBytes } from 'node:crypto';
import { errorInfo, type ErrorCode } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { second, type Millis } from '#shared/units.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type { RegistryStore, SharedState } from '../registry-store.ts';
import { shardOf, shards } from './redis-keys.ts';
import { RedisProofs } from './redis-proofs.ts';
import { openRedis, type OpenRedis, type RedisSession } from './redis-session.ts';
import { Shard } from './shard.ts';

/** A Redis that is away is tried again after so long, then after twice that, up to the last. */
const retryMs = { first: 100, last: 2 * second } as const;
/** How often Redis is told who was heard of, at least; also how long a message that got lost stays unnoticed. */
const mostTellMs = 5 * second;
/** Of the period of silence: whoever is heard of in time is known to be so in time. */
const tellPart = 1 / 6;
/** The clock of Redis was set when it differs by this much from what ours makes of it. */
const clockStepMs = 2 * second;

/** What else uses the session. */
export interface SessionUser {
  begin(session: RedisSession): Promise<void>;
  lose(): void;
}

export interface RedisStoreOptions {
  readonly url: string;
  readonly state: SharedState;
  /** Of a clock that never goes back. */
  readonly now: () => Millis;
  readonly silenceMs: Millis;
  /** Called with every change of `problem`. */
  readonly onProblem: (problem: ErrorCode | null, error: unknown) => void;
  /** So many rows or messages in Redis were not as they should be. */
  readonly onSkipped: (count: number) => void;
  /** Servers that share a state share more than that: it is told of every session. */
  readonly others?: readonly SessionUser[];
  /** For tests. */
  readonly open?: OpenRedis;
}

/**
 * The registry's state in Redis, which all servers of one address write to and follow: each of them has all of it in memory. While Redis is away a server goes on with what it knows, takes
 * what it is told, and forgets only those that it heard itself; when Redis is back it reads what is there and writes what changed here meanwhile.
 *
 * Who is silent for too long is decided in Redis, by its clock, from what all servers have heard. After a gap, or when that clock was set, nobody is
 * forgotten before everybody had time to be heard of.
 */
export class RedisStore implements RegistryStore {
  readonly proofs = new RedisProofs();
  readonly #options: RedisStoreOptions;
  readonly #shards: readonly Shard[];
  readonly #tellMs: Millis;
  #session: RedisSession | null = null;
  #isQuiet = false;
  #problem: ErrorCode | null = null;
  #isClosing = false;
  #retry: NodeJS.Timeout | null = null;
  #delayMs: Millis = retryMs.first;
  #telling: NodeJS.Timeout | null = null;
  #expired = 0;
  #toldAt: Millis = -Infinity;
  /** Until then nobody is silent. */
  #graceUntil: Millis = 0;
  /** Time of Redis less ours. */
  #offset: Millis | null = null;
  #opening: Promise<void> = Promise.resolve();
  #entriesRead: Promise<boolean> = Promise.resolve(false);

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    const { state, now, silenceMs, onSkipped } = options;
    this.#tellMs = Math.min(mostTellMs, silenceMs * tellPart);
    const host = {
      by: randomBytes(12).toString('base64url'), state,
      quietly: <Result>(work: () => Result): Result => this.#quietly(work),
      isCurrent: (session: RedisSession) => this.#session === session,
      failed: (session: RedisSession, error: unknown) => { this.#failed(session, error); },
      skipped: onSkipped,
      expired: (count: number) => { this.#expired += count; },
      isHeard: ({ heardAt }: NodeRecord) => now() - heardAt >= 0 && now() - heardAt <= silenceMs,
    };
    this.#shards = Array.from({ length: shards }, (_, number) => new Shard(number, host));
  }

  get problem(): ErrorCode | null {
    return this.#problem;
  }

  /** Never rejects: a Redis that is away now is a `problem`. */
  async loadNodes(): Promise<void> {
    await new Promise<void>((resolve) => { this.#opening = this.#open(resolve).finally(resolve); });
  }

  async loadEntries(): Promise<boolean> {
    await this.#opening;
    return this.#entriesRead;
  }

  nodeChanged(node: NodeRecord): void {
    if (!this.#isQuiet) this.#of(node.deviceId).changed(node);
  }

  nodeGone({ deviceId }: NodeRecord): void {
    if (this.#isQuiet) this.#of(deviceId).forgotten(deviceId);
    else this.#of(deviceId).gone(deviceId);
  }

  entryAdded(node: NodeRecord, entry: Entry): void {
    if (!this.#isQuiet) this.#of(node.deviceId).entry(node, entry, entry.contentId);
  }

  entryRemoved(node: NodeRecord, contentId: ContentId): void {
    // Redis forgets the whole list of a node that goes, or begins anew.
    if (!this.#isQuiet && !node.gone) this.#of(node.deviceId).entry(node, null, contentId);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#shards.map(({ writes }) => writes.settled()));
  }

  expire(now: Millis, most: number): number {
    if (this.#session === null) return this.#quietly(() => this.#options.state.expire(now, most));
    const expired = this.#expired;
    this.#expired = 0;
    return expired;
  }

  async heardMsAgo(devices: readonly DeviceId[]): Promise<ReadonlyMap<DeviceId, Millis>> {
    const session = this.#session;
    const ages = new Map<DeviceId, Millis>();
    if (session === null) return ages;
    await Promise.all(this.#shards.map(async (shard, number) => {
      const here = devices.filter((deviceId) => shardOf(deviceId) === number);
      // A Redis that has gone is noticed by those that need it more.
      const told = here.length === 0 ? [] : await shard.ages(session, here).catch(() => []);
      for (const [at, age] of told.entries()) {
        const deviceId = here[at];
        if (deviceId !== undefined && age >= 0) ages.set(deviceId, age);
      }
    }));
    return ages;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#telling !== null) clearInterval(this.#telling);
    await this.settled();
    const session = this.#session;
    this.#session = null;
    for (const other of this.#options.others ?? []) other.lose();
    session?.close();
    for (const shard of this.#shards) shard.lose();
    await this.#opening;
  }

  #of(deviceId: DeviceId): Shard {
    const shard = this.#shards[shardOf(deviceId)];
    if (shard === undefined) throw new RangeError('no such shard');
    return shard;
  }

  #quietly<Result>(work: () => Result): Result {
    const before = this.#isQuiet;
    this.#isQuiet = true;
    try {
      return work();
    } finally {
      this.#isQuiet = before;
    }
  }

  /** A session from its beginning to where everything is known on both sides. */
  async #open(nodesRead?: () => void): Promise<void> {
    let session: RedisSession | null = null;
    try {
      session = await (this.#options.open ?? openRedis)(this.#options.url, (error) => { if (session !== null) this.#failed(session, error); });
      if (this.#isClosing) {
        session.close();
        return;
      }
      await this.#begin(session, nodesRead);
      if (this.#session !== session) session.close();
    } catch (error) {
      this.#failed(session, error);
    }
  }

  async #begin(session: RedisSession, nodesRead?: () => void): Promise<void> {
    this.#session = session;
    const byChannel = new Map(this.#shards.map((shard) => [shard.keys.changes, shard]));
    await session.subscribe([...byChannel.keys()], (channel, text) => { if (this.#session === session) byChannel.get(channel)?.heard(text); });
    if (!(await this.proofs.begin(session))) this.#options.onSkipped(1);
    for (const other of this.#options.others ?? []) await other.begin(session);
    await Promise.all(this.#shards.map((shard) => shard.readNodes(session, true)));
    this.#startGrace();
    await this.#tell(session);
    nodesRead?.();
    if (this.#session !== session) return;
    this.#telling = setInterval(() => { void this.#tell(session).catch((error: unknown) => { this.#failed(session, error); }); }, this.#tellMs);
    this.#entriesRead = this.#readEntries(session);
    if (!(await this.#entriesRead)) return;
    await this.settled();
    if (this.#session !== session) return;
    this.#delayMs = retryMs.first;
    if (this.#problem !== null) this.#options.onProblem(null, null);
    this.#problem = null;
  }

  async #readEntries(session: RedisSession): Promise<boolean> {
    try {
      for (const shard of this.#shards) await shard.readEntries(session);
    } catch (error) {
      this.#failed(session, error);
    }
    return this.#session === session;
  }

  async #tell(session: RedisSession): Promise<void> {
    const { state, now, silenceMs } = this.#options;
    const at = now();
    const since = Math.max(this.#toldAt, at - silenceMs);
    const heard = this.#shards.map((): DeviceId[] => []);
    for (const { deviceId, heardAt } of state.nodes()) if (heardAt > since && heardAt <= at) heard[shardOf(deviceId)]?.push(deviceId);
    const silence = at < this.#graceUntil ? null : silenceMs;
    const [time = 0] = await Promise.all(this.#shards.map((shard, number) => shard.tell(session, heard[number] ?? [], silence)));
    this.#toldAt = at;
    const offset = time - now();
    if (this.#offset !== null && Math.abs(offset - this.#offset) > clockStepMs) this.#startGrace();
    this.#offset = offset;
    this.proofs.offsetMs = offset;
  }

  #startGrace(): void {
    this.#graceUntil = this.#options.now() + this.#options.silenceMs + this.#tellMs;
  }

  /** `session` is null when none could be opened. */
  #failed(session: RedisSession | null, error: unknown): void {
    session?.close();
    if (this.#session !== session) return;
    this.#session = null;
    if (this.#telling !== null) clearInterval(this.#telling);
    this.#telling = null;
    this.proofs.lose();
    for (const other of this.#options.others ?? []) other.lose();
    for (const shard of this.#shards) shard.lose();
    // What was not told yet shall be.
    this.#toldAt = -Infinity;
    if (this.#isClosing) return;
    this.#options.state.trustOthers(this.#options.now());
    const { code } = errorInfo(error);
    if (code !== this.#problem) this.#options.onProblem(code, error);
    this.#problem = code;
    this.#retry = setTimeout(() => { this.#opening = this.#open(); }, this.#delayMs).unref();
    this.#delayMs = Math.min(2 * this.#delayMs, retryMs.last);
  }
}
