import type { ContentId, TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Brake } from '#shared/model/brake.ts';
import type { Audience } from '#shared/model/share.ts';
import { minute, second, type Millis } from '#shared/units.ts';

/** A download that is not over, as far as it matters for asking servers who else has it. */
export interface Sought {
  readonly id: TransferId;
  /** Whether it waits for somebody who has it, or moves. */
  readonly isWaiting: boolean;
  /** Null: not known. */
  readonly etaSeconds: number | null;
  /** What its speed hangs on; null: not known. */
  readonly brake: Brake['by'] | null;
  /** Devices that give something now. */
  readonly feeding: number;
  /** For whom its origin shares it; null: that is not known. */
  readonly audience: Audience | null;
  /** The whole, and what servers may know of its parts. */
  readonly contents: readonly ContentId[];
}

/** Nobody gives anything: whoever comes is wanted. */
const waitingEveryMs = 30 * second;
/** A download that moves is not asked for at once: what it is like shows after a while, and most end before that. */
const firstMs = 15 * second;
/** Then ever more seldom, because fewer come with time. The longest wait is that of BitTorrent clients between two announcements to the DHT (libtorrent, `dht_announce_interval`). */
const nextMs = 1 * minute;
const longestMs = 15 * minute;
/** Who is found now has to be dialled and asked. */
const soonOverSeconds = 60;
/** With so many the line is what is scarce. */
const enoughSources = 8;
/** Where nobody else would make it faster. */
const ownBrakes: ReadonlySet<Brake['by']> = new Set(['own-limit', 'disk', 'cpu', 'behind', 'copied']);

interface Asking {
  /** Since when it would have taken more sources, or when it was asked for last. */
  since: Millis;
  waitMs: Millis;
}

/**
 * When to ask bootstrap servers who has what is being downloaded: often while nobody gives anything, and now and then while it moves slowly or with few
 * sources. What its origin does not share with everybody is asked for only while nobody gives it, so that servers hear as little as can be. Pure.
 */
export class HolderQuestions {
  readonly #asking = new Map<TransferId, Asking>();

  /** What is to be asked for now, of all downloads there are: no more than one question takes. */
  due(now: Millis, downloads: readonly Sought[]): ContentId[] {
    const ids = new Set(downloads.map(({ id }) => id));
    for (const id of this.#asking.keys()) if (!ids.has(id)) this.#asking.delete(id);
    const due = downloads.filter((download) => this.#isDue(now, download)).toSorted((a, b) => this.#sinceOf(a.id) - this.#sinceOf(b.id));
    const asked = new Set<ContentId>();
    for (const { id, isWaiting, contents } of due) {
      if (asked.size >= limits.bootstrap.contentsPerQuestion) break;
      for (const content of contents) if (asked.size < limits.bootstrap.contentsPerQuestion) asked.add(content);
      const before = this.#asking.get(id)?.waitMs ?? 0;
      this.#asking.set(id, { since: now, waitMs: isWaiting ? nextMs : Math.min(longestMs, Math.max(nextMs, 2 * before)) });
    }
    return [...asked];
  }

  #isDue(now: Millis, download: Sought): boolean {
    const { id, isWaiting, contents } = download;
    if (contents.length === 0 || !(isWaiting || takesMore(download))) return false;
    const asking = this.#asking.get(id);
    if (asking === undefined) {
      if (isWaiting) return true;
      this.#asking.set(id, { since: now, waitMs: firstMs });
      return false;
    }
    return now - asking.since >= (isWaiting ? Math.min(waitingEveryMs, asking.waitMs) : asking.waitMs);
  }

  #sinceOf(id: TransferId): Millis {
    return this.#asking.get(id)?.since ?? -Infinity;
  }
}

/** It moves, and more sources could make it faster. */
function takesMore({ audience, brake, etaSeconds, feeding }: Sought): boolean {
  if (audience?.kind !== 'public' || feeding >= enoughSources) return false;
  return (etaSeconds === null || etaSeconds > soonOverSeconds) && (brake === null || !ownBrakes.has(brake));
}
