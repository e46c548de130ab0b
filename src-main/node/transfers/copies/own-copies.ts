import type { ContentId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { Library } from '../../ports/library.ts';
import type { EqualFiles } from './equal-files.ts';
import type { ReceivedFiles } from './received-files.ts';

export interface OwnCopiesPorts {
  readonly library: Pick<Library, 'among'>;
  readonly received: ReceivedFiles;
  readonly equal: EqualFiles;
}

/** What of other devices' contents is on this one: shared, fetched, or on its way. */
export class OwnCopies {
  readonly #ports: OwnCopiesPorts;

  constructor(ports: OwnCopiesPorts) {
    this.#ports = ports;
  }

  /** Those that are complete here. */
  async complete(ids: readonly ContentId[]): Promise<Set<ContentId>> {
    const { library, received } = this.#ports;
    const here = await library.among(ids);
    for (const id of await received.here(ids.filter((each) => !here.has(each)))) here.add(id);
    return here;
  }

  /** Verified bytes of a file that is being fetched now; 0: it is not. */
  arriving(id: ContentId): Bytes {
    return this.#ports.equal.verifiedBytesOf(id);
  }
}
