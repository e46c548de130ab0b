import type { ContentId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { Library } from '../../ports/library.ts';
import type { EqualFiles } from './equal-files.ts';
import type { ReceivedFiles } from './received-files.ts';

export interface OwnCopiesPorts {
  readonly library: Pick<Library, 'resolve'>;
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
    const shared = await Promise.all(ids.map(async (id) => ({ id, isHere: (await library.resolve({ kind: 'self' }, id)) !== null })));
    const here = await received.here(shared.flatMap(({ id, isHere }) => (isHere ? [] : [id])));
    for (const { id, isHere } of shared) if (isHere) here.add(id);
    return here;
  }

  /** Verified bytes of a file that is being fetched now; 0: it is not. */
  arriving(id: ContentId): Bytes {
    return this.#ports.equal.verifiedBytesOf(id);
  }
}
