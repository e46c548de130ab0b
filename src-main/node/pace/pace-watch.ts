import type { DeviceId, TransferId } from '#shared/ids.ts';
import type { Brake as SharedBrake, SourceState } from '#shared/model/brake.ts';
import type { Direction, LimitCause } from '#shared/model/limit.ts';
import { second } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { brakeOfDownload, brakeOfUpload, excuseFor, isRefuted, type Brake } from '../../core/pace/brakes.ts';
import type { Excuse, MachineFacts, SourceFacts } from '../../core/pace/facts.ts';
import { Steady } from '../../core/pace/steady.ts';
import type { PeerNumber } from '../../core/swarm/numbers.ts';
import type { Links } from '../ports/links.ts';
import type { SwarmDriver } from '../swarm/swarm-driver.ts';
import type { MachineMeter } from './machine-meter.ts';

const lookEveryMs = 250;
/** Of the verdicts of the last five seconds three seconds' worth must agree before another one is shown. */
const agreement = { samples: 20, needed: 12 };
/** A device that gives is asked this often what holds it back. */
const askEveryMs = 2 * second;
const answerWithinMs = 5 * second;
/** The fastest ones are asked; the others decide little. */
const askedAtOnce = 4;
/** A source that gave something so recently is still called a giving one. */
const stillFeedingMs = 2 * second;

export interface PacePorts {
  /** A clock that never jumps, the swarm's own. */
  readonly now: () => Millis;
  readonly clock: () => Timestamp;
  readonly swarm: Pick<SwarmDriver, 'standing' | 'servedStanding'>;
  readonly links: () => Pick<Links, 'get'>;
  /** Running downloads with their numbers in the swarm, and what goes out to whom. */
  readonly downloads: () => Iterable<{ readonly id: TransferId; readonly number: number }>;
  readonly uploads: () => Iterable<{ readonly id: TransferId; readonly peer: DeviceId }>;
  /** Blocks being read from the disk. */
  readonly reading: () => number;
  /** The limit of ours that made a device wait in the last moments. */
  readonly boundBy: (direction: Direction, id: DeviceId) => LimitCause | null;
  readonly machine: Pick<MachineMeter, 'start' | 'read'>;
}

/** What a download's source looks like to people. */
export interface SourceView {
  readonly state: SourceState;
  /** When a `stalled` one is asked again. */
  readonly until: Timestamp | null;
  readonly late: number;
}

interface Asked {
  at: Millis;
  excuse: Excuse | null;
  delayMs: Millis | null;
  restMs: Millis | null;
}

interface DownloadWatch {
  readonly steady: Steady<Brake>;
  readonly fedAt: Map<DeviceId, Millis>;
  sources: Map<DeviceId, SourceView>;
}

const keyOf = (brake: Brake): string => `${brake.by} ${'limit' in brake ? brake.limit : 'peer' in brake ? brake.peer : ''}`;

/**
 * Finds out what each transfer's speed hangs on: looks at the swarm, the disk's buffers and this machine a few times a
 * second while something runs, and asks those who give what holds them back.
 */
export class PaceWatch {
  readonly #ports: PacePorts;
  readonly #downloads = new Map<TransferId, DownloadWatch>();
  readonly #uploads = new Map<DeviceId, Steady<Brake>>();
  readonly #asked = new Map<DeviceId, Asked>();
  /** The devices of the numbers in verdicts; numbers are never used again. */
  #ids = new Map<PeerNumber, DeviceId>();
  #machine: MachineFacts = { loop: 0, cores: 0 };
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: PacePorts) {
    this.#ports = ports;
  }

  /** Something runs: look at it until nothing does. */
  wake(): void {
    if (this.#timer !== null) return;
    this.#ports.machine.start();
    this.#timer = setInterval(() => { this.#look(); }, lookEveryMs);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  brakeOfDownload(id: TransferId): SharedBrake | null {
    return this.#named(this.#downloads.get(id)?.steady.shown ?? null);
  }

  brakeOfUpload(peer: DeviceId): SharedBrake | null {
    return this.#named(this.#uploads.get(peer)?.shown ?? null);
  }

  /** Who takes part in a download now, and how. */
  sourcesOf(id: TransferId): ReadonlyMap<DeviceId, SourceView> {
    return this.#downloads.get(id)?.sources ?? new Map();
  }

  /** What we answer a device that asks why it gets no more. */
  excuse(peer: DeviceId): Excuse {
    return excuseFor(this.#uploads.get(peer)?.shown ?? null, this.#machine);
  }

  #look(): void {
    this.#machine = this.#ports.machine.read();
    const now = this.#ports.now();
    const [downloads, uploads] = [[...this.#ports.downloads()], [...this.#ports.uploads()]];
    this.#ids = new Map();
    for (const { id, number } of downloads) this.#lookAtDownload(now, id, number);
    for (const peer of new Set(uploads.map((upload) => upload.peer))) this.#lookAtUpload(peer);
    keepOnly(this.#downloads, new Set(downloads.map(({ id }) => id)));
    keepOnly(this.#uploads, new Set(uploads.map(({ peer }) => peer)));
    if (downloads.length > 0 || uploads.length > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#asked.clear();
  }

  #lookAtDownload(now: Millis, id: TransferId, number: number): void {
    const standing = this.#ports.swarm.standing(number);
    const watch = this.#downloads.get(id) ?? { steady: new Steady<Brake>(keyOf, agreement), fedAt: new Map<DeviceId, Millis>(), sources: new Map<DeviceId, SourceView>() };
    this.#downloads.set(id, watch);
    if (standing === null) return;
    const facts: SourceFacts[] = [];
    watch.sources = new Map();
    for (const source of standing.sources) {
      this.#ids.set(source.peer, source.id);
      if (source.state === 'feeding') watch.fedAt.set(source.id, now);
      const fedLately = source.state !== 'banned' && now - (watch.fedAt.get(source.id) ?? -Infinity) < stillFeedingMs;
      const state = fedLately ? 'feeding' : source.state;
      watch.sources.set(source.id, { state, until: state === 'stalled' && source.until !== null ? Math.round(this.#ports.clock() + source.until - now) : null, late: source.late });
      const asked = this.#asked.get(source.id);
      facts.push({ peer: source.peer, state, rate: source.rate, limit: this.#ports.boundBy('down', source.id), excuse: asked?.excuse ?? null, delayMs: asked?.delayMs ?? null, restMs: asked?.restMs ?? null });
    }
    const { shown } = watch.steady;
    // People see that it moves, and would read for seconds that it cannot.
    if (shown !== null && isRefuted(shown, facts)) watch.steady.forget();
    watch.steady.add(brakeOfDownload({ ...standing, machine: this.#machine, sources: facts }));
    const fastest = standing.sources.filter(({ state }) => state === 'feeding').toSorted((a, b) => b.rate - a.rate).slice(0, askedAtOnce);
    for (const source of fastest) this.#ask(now, source.id);
  }

  #lookAtUpload(peer: DeviceId): void {
    const standing = this.#ports.swarm.servedStanding(peer);
    const steady = this.#uploads.get(peer) ?? new Steady<Brake>(keyOf, agreement);
    this.#uploads.set(peer, steady);
    if (standing === null) return;
    this.#ids.set(standing.peer, peer);
    steady.add(brakeOfUpload({ ...standing, machine: this.#machine, limit: this.#ports.boundBy('up', peer), reading: this.#ports.reading() }));
  }

  /** The answer tells what holds it back, and the time it takes how much waits before the path. */
  #ask(now: Millis, id: DeviceId): void {
    const link = this.#ports.links().get(id);
    const before = this.#asked.get(id);
    if (link === undefined || (before !== undefined && now - before.at < askEveryMs)) return;
    const asked: Asked = before ?? { at: now, excuse: null, delayMs: null, restMs: link.latencyMs };
    asked.at = now;
    this.#asked.set(id, asked);
    const measure = (): void => {
      asked.delayMs = this.#ports.now() - now;
      asked.restMs = Math.min(asked.restMs ?? Infinity, asked.delayMs);
    };
    link.request('pace', {}, { timeoutMs: answerWithinMs }).then(({ by }) => {
      measure();
      asked.excuse = by;
    }, () => {
      // An older version does not know the question, and a link may have ended: nothing is told then.
      asked.excuse = null;
    });
  }

  #named(brake: Brake | null): SharedBrake | null {
    if (brake === null || !('peer' in brake)) return brake;
    return { by: brake.by, peer: brake.peer === null ? null : this.#ids.get(brake.peer) ?? null };
  }
}

function keepOnly<Key>(map: Map<Key, unknown>, kept: ReadonlySet<Key>): void {
  for (const key of map.keys()) if (!kept.has(key)) map.delete(key);
}
