import type { ContentId } from '#shared/ids.ts';
import type { Library, Viewer } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import type { FetchedSmallFiles } from '../transfers/passing-on/fetched-small-files.ts';
import type { SharedDownloads } from '../transfers/passing-on/shared-downloads.ts';

/** Contents that are looked up for one link at the same time. */
const lookupsAtOnce = 32;

export interface LookupsPorts {
  readonly library: Pick<Library, 'resolve'>;
  readonly fetched: Pick<SharedDownloads, 'has'>;
  readonly fetchedSmall: Pick<FetchedSmallFiles, 'has'>;
}

/**
 * Answers what of some contents is here. Each is some reading of the disk, a question has thousands, and a device may ask many at once: so for each link one
 * question is answered after the other, and few contents are looked up at a time. Everybody else comes in between.
 */
export class Lookups {
  readonly #ports: LookupsPorts;
  /** Ends with the last question of the link. */
  readonly #last = new WeakMap<Pick<Link, 'remote'>, Promise<unknown>>();

  constructor(ports: LookupsPorts) {
    this.#ports = ports;
  }

  /** One character for each content, in their order: `f` file, `d` folder, `p` a file in part, `-` no. */
  have(link: Pick<Link, 'remote'>, viewer: () => Viewer, ids: readonly ContentId[]): Promise<string> {
    const answer = (this.#last.get(link) ?? Promise.resolve()).then(() => this.#answer(viewer(), ids));
    this.#last.set(link, answer.catch(() => undefined));
    return answer;
  }

  async #answer(viewer: Viewer, ids: readonly ContentId[]): Promise<string> {
    let have = '';
    for (let at = 0; at < ids.length; at += lookupsAtOnce) have += (await Promise.all(ids.slice(at, at + lookupsAtOnce).map((id) => this.#one(viewer, id)))).join('');
    return have;
  }

  async #one(viewer: Viewer, id: ContentId): Promise<string> {
    // What is shared has to be looked up on the disk.
    if (await this.#ports.fetchedSmall.has(viewer, id)) return 'f';
    const found = await this.#ports.library.resolve(viewer, id);
    return found === null ? this.#ports.fetched.has(viewer, id) ?? '-' : found.kind === 'file' ? 'f' : 'd';
  }
}
