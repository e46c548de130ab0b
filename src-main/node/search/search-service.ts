import { randomBytes } from 'node:crypto';
import { AppError, errorInfo } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { SearchFilter, SearchState } from '#shared/model/search.ts';
import type { Millis } from '#shared/units.ts';
import { QueryMachine, type QueryEvent, type QueryOut } from '../../core/search/query-machine.ts';
import type { Link, Links } from '../ports/links.ts';

const searchesKept = 16;
const tellEveryMs = 200;

interface Running {
  readonly machine: QueryMachine;
  readonly words: string;
  readonly filter: SearchFilter;
  readonly stop: AbortController;
  timer: NodeJS.Timeout | null;
  telling: NodeJS.Timeout | null;
  readonly askedHere: Set<ContentId>;
}

export interface SearchPorts {
  readonly links: () => Links;
  readonly now: () => Millis;
  /** Sees to it that devices are linked which are said to have what fits, and tells how many: they are asked like all others. Null: nobody can say. */
  readonly elsewhere: (words: string, filter: SearchFilter, signal: AbortSignal) => Promise<number> | null;
  /** Which of these are complete on this device. */
  readonly whichAreHere: (ids: readonly ContentId[]) => Promise<readonly ContentId[]>;
  readonly onChange: (state: SearchState) => void;
}

/** Searches of the user: asks every linked device at once and tells what came, as it comes. */
export class SearchService {
  readonly #ports: SearchPorts;
  readonly #running = new Map<string, Running>();

  constructor(ports: SearchPorts) {
    this.#ports = ports;
  }

  start(words: string, filter: SearchFilter): SearchState {
    const id = randomBytes(8).toString('hex');
    const machine = new QueryMachine(id, words, filter);
    const stop = new AbortController();
    this.#running.set(id, { machine, words, filter, stop, timer: null, telling: null, askedHere: new Set() });
    for (const oldest of this.#running.keys()) {
      if (this.#running.size <= searchesKept) break;
      this.stop(oldest);
      this.#running.delete(oldest);
    }
    const elsewhere = this.#ports.elsewhere(words, filter, stop.signal);
    this.#step(id, { kind: 'start', peers: [...this.#ports.links().all()].map((link) => link.remote.id), elsewhere: elsewhere !== null });
    void elsewhere?.catch(() => 0).then((found) => { this.#step(id, { kind: 'elsewhere', found }); });
    return machine.state();
  }

  get(id: string): SearchState {
    const running = this.#running.get(id);
    if (running === undefined) throw new AppError('not-found', { name: id });
    return running.machine.state();
  }

  stop(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.stop.abort();
    this.#step(id, { kind: 'stop' });
  }

  linkUp(link: Link): void {
    for (const [id, running] of this.#running) if (!running.machine.state().finished) this.#step(id, { kind: 'peer', peer: link.remote.id });
  }

  linkDown(peer: DeviceId): void {
    for (const id of this.#running.keys()) this.#step(id, { kind: 'peer-gone', peer });
  }

  /** A content is on this device from now on. */
  arrived(contentId: ContentId): void {
    for (const [id, { askedHere }] of this.#running) if (askedHere.has(contentId)) this.#step(id, { kind: 'here', contentIds: [contentId] });
  }

  close(): void {
    for (const running of this.#running.values()) {
      running.stop.abort();
      if (running.timer !== null) clearTimeout(running.timer);
      if (running.telling !== null) clearTimeout(running.telling);
    }
    this.#running.clear();
  }

  #step(id: string, event: QueryEvent): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const out: QueryOut = {
      ask: (peer) => { void this.#ask(id, running, peer); },
      changed: () => { this.#tellSoon(running); },
    };
    const now = this.#ports.now();
    running.machine.step(now, event, out);
    if (running.timer !== null) clearTimeout(running.timer);
    const wake = running.machine.nextWake();
    running.timer = wake === null ? null : setTimeout(() => { this.#step(id, { kind: 'tick' }); }, Math.max(0, wake - now));
  }

  async #ask(id: string, running: Running, peer: DeviceId): Promise<void> {
    const link = this.#ports.links().get(peer);
    if (link === undefined) return this.#step(id, { kind: 'failed', peer, code: 'peer-offline' });
    try {
      const { words, filter } = running;
      const { hits, truncated } = await link.request('search', { words, filter }, { signal: running.stop.signal });
      this.#step(id, { kind: 'answer', peer, hits, truncated });
      await this.#lookHere(id, running, hits.flatMap((hit) => hit.contentId ?? []));
    } catch (error) {
      if (!running.stop.signal.aborted) this.#step(id, { kind: 'failed', peer, code: errorInfo(error).code });
    }
  }

  async #lookHere(id: string, running: Running, ids: readonly ContentId[]): Promise<void> {
    const fresh = ids.filter((contentId) => !running.askedHere.has(contentId));
    for (const contentId of fresh) running.askedHere.add(contentId);
    const here = await this.#ports.whichAreHere(fresh);
    if (here.length > 0) this.#step(id, { kind: 'here', contentIds: here });
  }

  /** Answers come in bursts; faces hear of them a few times a second. */
  #tellSoon(running: Running): void {
    running.telling ??= setTimeout(() => {
      running.telling = null;
      this.#ports.onChange(running.machine.state());
    }, tellEveryMs);
  }
}
