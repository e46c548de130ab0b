import type { ErrorCode } from '#shared/errors.ts';
import { fileTypeOf } from '#shared/file-types.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { SearchFilter, SearchHit, SearchState } from '#shared/model/search.ts';
import type { Bytes, Millis, Timestamp } from '#shared/units.ts';
import { score, type Query } from './ranking.ts';
import { fold, nameTokens, queryTokens } from './text.ts';

/** What a device says it has. Only `path`, `kind`, `bytes`, `modifiedAt` and `contentId` of it are used. */
export interface AnsweredHit {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: Bytes;
  readonly modifiedAt: Timestamp;
  readonly contentId: ContentId | null;
}

export type QueryEvent =
  /** `elsewhere`: others are looked for too, who come and are asked while the search runs. */
  | { readonly kind: 'start'; readonly peers: readonly DeviceId[]; readonly elsewhere?: boolean }
  /** So many were found elsewhere, and may come. */
  | { readonly kind: 'elsewhere'; readonly found: number }
  /** A device that came while the search runs: asked as well. */
  | { readonly kind: 'peer'; readonly peer: DeviceId }
  | { readonly kind: 'answer'; readonly peer: DeviceId; readonly hits: readonly AnsweredHit[]; readonly truncated: boolean }
  | { readonly kind: 'failed'; readonly peer: DeviceId; readonly code: ErrorCode }
  | { readonly kind: 'peer-gone'; readonly peer: DeviceId }
  /** Contents that turned out to be on this device. */
  | { readonly kind: 'here'; readonly contentIds: readonly ContentId[] }
  | { readonly kind: 'stop' }
  | { readonly kind: 'tick' };

/** What the outside must do. */
export interface QueryOut {
  ask(peer: DeviceId): void;
  /** `state()` gives something new. */
  changed(): void;
}

export interface QueryLimits {
  /** Hits in a state. */
  readonly listed: number;
  /** Distinct contents remembered; the worst are dropped. */
  readonly kept: number;
  readonly sourcesPerHit: number;
  readonly peers: number;
  readonly waitMs: Millis;
  /** A device that answered `rate-limited` is asked again after this long, once. */
  readonly retryMs: Millis;
}

export const queryLimits: QueryLimits = {
  listed: limits.search.results,
  kept: 10 * limits.search.results,
  sourcesPerHit: 64,
  peers: limits.link.linksAtOnce,
  waitMs: limits.search.waitMs,
  retryMs: 1000 / limits.search.perSecond,
};

interface Asked {
  state: 'waiting' | 'answered' | 'none' | 'unreachable' | 'rate-limited';
  hits: number;
  /** When waiting ends, or when a rate-limited device is asked again. */
  wakeAt: Millis | null;
  retried: boolean;
}

interface Group {
  readonly key: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: Bytes;
  readonly contentId: ContentId | null;
  name: string;
  modifiedAt: Timestamp;
  score: number;
  here: boolean;
  readonly sources: { peer: DeviceId; path: string }[];
}

/**
 * One search over many devices. Each is asked once; answers are merged by content as they come. Nothing a device says
 * about rank or type is believed: both are worked out again from the path, and what does not match is dropped.
 */
export class QueryMachine {
  readonly #id: string;
  readonly #words: string;
  readonly #query: Query;
  readonly #filter: SearchFilter;
  readonly #limits: QueryLimits;
  readonly #asked = new Map<DeviceId, Asked>();
  #groups = new Map<string, Group>();
  #truncated = false;
  /** Until then it does not end, because so many may come; how many is not known at first. */
  #openUntil: Millis | null = null;
  #expected = Infinity;
  #stopped = false;

  constructor(id: string, words: string, filter: SearchFilter, bounds: QueryLimits = queryLimits) {
    this.#id = id;
    this.#words = words;
    this.#query = { folded: fold(words.trim()), words: queryTokens(words).slice(0, limits.search.words) };
    this.#filter = filter;
    this.#limits = bounds;
  }

  step(now: Millis, event: QueryEvent, out: QueryOut): void {
    switch (event.kind) {
      case 'start':
        for (const peer of event.peers) this.#ask(now, peer, out);
        if (event.elsewhere === true && this.#query.words.length > 0) this.#openUntil = now + this.#limits.waitMs;
        out.changed();
        return;
      case 'elsewhere':
        if (this.#openUntil === null || this.#stopped) return;
        this.#expected = event.found;
        this.#openUntil = event.found === 0 ? null : now + this.#limits.waitMs;
        out.changed();
        return;
      case 'peer':
        if (!this.#ask(now, event.peer, out)) return;
        if (this.#openUntil !== null && --this.#expected === 0) this.#openUntil = null;
        out.changed();
        return;
      case 'answer':
        this.#answered(event.peer, event.hits, event.truncated, out);
        return;
      case 'failed':
        this.#failed(now, event.peer, event.code, out);
        return;
      case 'peer-gone':
        this.#failed(now, event.peer, 'peer-offline', out);
        return;
      case 'here':
        this.#markHere(new Set(event.contentIds), out);
        return;
      case 'stop':
        this.#stop(out);
        return;
      case 'tick':
        this.#tick(now, out);
        return;
    }
  }

  nextWake(): Millis | null {
    let next = this.#openUntil;
    for (const { wakeAt } of this.#asked.values()) if (wakeAt !== null && (next === null || wakeAt < next)) next = wakeAt;
    return next;
  }

  get finished(): boolean {
    if (this.#stopped) return true;
    if (this.#openUntil !== null) return false;
    for (const { wakeAt } of this.#asked.values()) if (wakeAt !== null) return false;
    return true;
  }

  state(): SearchState {
    const ranked = this.#ranked();
    const hits = ranked.slice(0, this.#limits.listed).map((group): SearchHit => ({
      ...group, type: fileTypeOf(group.name, group.kind), sources: group.sources.map((source) => ({ ...source })),
    }));
    return {
      id: this.#id,
      words: this.#words,
      finished: this.finished,
      hits,
      peers: [...this.#asked].map(([peer, { state, hits: count }]) => ({ peer, state, hits: count })),
      truncated: this.#truncated || ranked.length > hits.length,
    };
  }

  #ask(now: Millis, peer: DeviceId, out: QueryOut): boolean {
    if (this.#stopped || this.#query.words.length === 0) return false;
    const before = this.#asked.get(peer);
    // A device that came back is asked again; one that has answered or still may is not.
    if (before !== undefined && before.state !== 'unreachable') return false;
    if (before === undefined && this.#asked.size >= this.#limits.peers) return false;
    this.#asked.set(peer, { state: 'waiting', hits: 0, wakeAt: now + this.#limits.waitMs, retried: false });
    out.ask(peer);
    return true;
  }

  #answered(peer: DeviceId, hits: readonly AnsweredHit[], truncated: boolean, out: QueryOut): void {
    const asked = this.#asked.get(peer);
    if (asked === undefined || this.#stopped || asked.state === 'answered' || asked.state === 'none') return;
    for (const hit of hits.slice(0, limits.search.results)) if (this.#merge(peer, hit)) asked.hits++;
    if (truncated || hits.length > limits.search.results) this.#truncated = true;
    asked.state = asked.hits > 0 ? 'answered' : 'none';
    asked.wakeAt = null;
    this.#dropWorst();
    out.changed();
  }

  #failed(now: Millis, peer: DeviceId, code: ErrorCode, out: QueryOut): void {
    const asked = this.#asked.get(peer);
    if (asked === undefined || this.#stopped || asked.state === 'answered' || asked.state === 'none') return;
    if (code === 'rate-limited') {
      asked.state = 'rate-limited';
      asked.wakeAt = asked.retried ? null : now + this.#limits.retryMs;
    } else {
      asked.state = 'unreachable';
      asked.wakeAt = null;
    }
    out.changed();
  }

  #merge(peer: DeviceId, hit: AnsweredHit): boolean {
    const components = hit.path.split('/');
    const name = components.pop() ?? '';
    const parents = components.flatMap((component) => nameTokens(component));
    const rank = name === '' ? null : score(this.#query, name, parents);
    if (rank === null || !this.#passes(hit, name)) return false;
    // Size and kind are part of the key, so that a device that lies about them only spoils its own line.
    const key = hit.contentId === null ? `${peer}/${hit.path}` : `${hit.contentId}:${hit.kind}:${hit.bytes}`;
    const group = this.#groups.get(key);
    if (group === undefined) {
      const { kind, bytes, contentId, modifiedAt } = hit;
      this.#groups.set(key, { key, kind, bytes, contentId, name, modifiedAt, score: rank, here: false, sources: [{ peer, path: hit.path }] });
      return true;
    }
    if (rank > group.score) Object.assign(group, { score: rank, name, modifiedAt: hit.modifiedAt });
    const known = group.sources.some((source) => source.peer === peer && source.path === hit.path);
    if (!known && group.sources.length < this.#limits.sourcesPerHit) group.sources.push({ peer, path: hit.path });
    return !known;
  }

  #passes(hit: AnsweredHit, name: string): boolean {
    const { type, minBytes, maxBytes } = this.#filter;
    if (type !== 'any' && fileTypeOf(name, hit.kind) !== type) return false;
    return hit.bytes >= (minBytes ?? 0) && hit.bytes <= (maxBytes ?? Number.MAX_SAFE_INTEGER);
  }

  /** Best first: rank, then number of sources, then name. */
  #ranked(): Group[] {
    return [...this.#groups.values()].sort((one, other) =>
      other.score - one.score || other.sources.length - one.sources.length || (one.name < other.name ? -1 : one.name > other.name ? 1 : one.key < other.key ? -1 : 1));
  }

  #dropWorst(): void {
    if (this.#groups.size <= this.#limits.kept) return;
    this.#groups = new Map(this.#ranked().slice(0, this.#limits.kept).map((group) => [group.key, group]));
    this.#truncated = true;
  }

  #markHere(ids: ReadonlySet<ContentId>, out: QueryOut): void {
    let changed = false;
    for (const group of this.#groups.values()) {
      if (group.here || group.contentId === null || !ids.has(group.contentId)) continue;
      group.here = true;
      changed = true;
    }
    if (changed) out.changed();
  }

  #stop(out: QueryOut): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#openUntil = null;
    for (const asked of this.#asked.values()) asked.wakeAt = null;
    out.changed();
  }

  #tick(now: Millis, out: QueryOut): void {
    let changed = false;
    if (this.#openUntil !== null && now >= this.#openUntil) {
      this.#openUntil = null;
      changed = true;
    }
    for (const [peer, asked] of this.#asked) {
      if (asked.wakeAt === null || asked.wakeAt > now) continue;
      changed = true;
      if (asked.state === 'rate-limited') {
        this.#asked.set(peer, { state: 'waiting', hits: 0, wakeAt: now + this.#limits.waitMs, retried: true });
        out.ask(peer);
      } else {
        // A late answer still counts; until then the device is one that could not be asked.
        asked.state = 'unreachable';
        asked.wakeAt = null;
      }
    }
    if (changed) out.changed();
  }
}
