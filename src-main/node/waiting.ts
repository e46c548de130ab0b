import { AppError } from '#shared/errors.ts';
import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Millis } from '#shared/units.ts';
import { Bell } from './bell.ts';
import type { Link, Links } from './ports/links.ts';
import type { ContentDirectory } from './transfers/content-directory.ts';

/** Waits that end by themselves when the signal fires. Resolves early then; whoever waits looks at the signal. */
export function pause(ms: Millis, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Lets parts wait for devices that are not linked now. */
export class LinkWaiter {
  readonly #links: () => Links;
  readonly #directory: ContentDirectory;
  readonly #bell = new Bell();
  /** Rings when somebody may have something that nobody had. */
  readonly #news = new Bell();

  constructor(links: () => Links, directory: ContentDirectory) {
    this.#links = links;
    this.#directory = directory;
  }

  linkUp(): void {
    this.#bell.ring();
    this.#news.ring();
  }

  /** A device that is linked shares something else now. */
  listingChanged(): void {
    this.#news.ring();
  }

  /** Counts links that came up. */
  get rings(): number {
    return this.#bell.rings;
  }

  /** Whether another link has come up since `seen` of them, before the signal fires. */
  async linked(seen: number, signal: AbortSignal): Promise<boolean> {
    await this.#bell.after(seen, signal);
    return this.#bell.rings > seen;
  }

  /** The link to a device, as soon as there is one. Rejects with `cancelled`. */
  async linkTo(id: DeviceId, signal: AbortSignal): Promise<Link> {
    for (;;) {
      const link = this.#links().get(id);
      if (link !== undefined && !link.isClosed) return link;
      await next(this.#bell, this.#bell.rings, signal);
    }
  }

  /**
   * Runs `work` with the preferred link, or else with those that have a content; waits until there is one. The device that was
   * asked for it is taken at its word: others are asked only when it is away, or could not do it. When nobody else could, the error is its own.
   * `waits` is told each time that nobody has it.
   */
  async withSources<T>(id: ContentId, preferred: DeviceId | null, signal: AbortSignal, work: (links: readonly Link[]) => Promise<T>, waits: () => void = () => undefined): Promise<T> {
    for (;;) {
      const { rings } = this.#news;
      const all = [...this.#links().all()];
      const first = all.filter((link) => link.remote.id === preferred);
      const others = all.filter((link) => link.remote.id !== preferred);
      try {
        if (first.length > 0) return await work(first);
      } catch (error) {
        const having = signal.aborted ? [] : await this.#thatHave(id, others);
        if (having.length === 0) throw error;
        return work(having);
      }
      const having = await this.#thatHave(id, others);
      if (having.length > 0) return work(having);
      waits();
      await next(this.#news, rings, signal);
    }
  }

  async #thatHave(id: ContentId, links: readonly Link[]): Promise<Link[]> {
    const answers = await Promise.all(links.map((link) => this.#directory.has(link, id)));
    return links.filter((_, at) => answers[at]);
  }
}

async function next(bell: Bell, seen: number, signal: AbortSignal): Promise<void> {
  await bell.after(seen, signal);
  if (signal.aborted) throw new AppError('cancelled');
}
