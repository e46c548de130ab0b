import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Millis } from '#shared/units.ts';
import type { Store } from '../../../disk/store/store.ts';
import type { Library } from '../../ports/library.ts';
import type { Link, Links } from '../../ports/links.ts';
import type { Receiver } from '../../ports/receiver.ts';
import type { Conduct } from '../../swarm/conduct.ts';
import type { SwarmDriver } from '../../swarm/swarm-driver.ts';
import type { ContentDirectory } from '../content-directory.ts';
import type { EqualFiles } from '../copies/equal-files.ts';
import type { ExistingFiles } from '../small-files/existing-files.ts';
import type { FetchedSmallFiles } from '../passing-on/fetched-small-files.ts';
import type { ReceivedFiles } from '../copies/received-files.ts';
import type { SharedDownloads } from '../passing-on/shared-downloads.ts';
import type { SmallFileBatch } from '../small-files/small-file-batch.ts';

/** What every download of a node works with. */
export interface DownloadContext {
  readonly links: () => Links;
  readonly swarm: SwarmDriver;
  readonly conduct: Conduct;
  readonly receiver: Receiver;
  readonly library: Library;
  readonly store: Store;
  readonly smallFiles: SmallFileBatch;
  readonly existing: ExistingFiles;
  readonly directory: ContentDirectory;
  /** What is fetched to several places at once, or was lately. */
  readonly equal: EqualFiles;
  /** What is served on while and after it is fetched. */
  readonly fetched: SharedDownloads;
  readonly fetchedSmall: FetchedSmallFiles;
  /** Where everything lies that was fetched. */
  readonly received: ReceivedFiles;
  /** What a device is called; undefined when it is not known any more. */
  nameOf(id: DeviceId): string | undefined;
  now(): Millis;
  nextFileNumber(): number;
  /** The link to a device, as soon as there is one. */
  linkTo(id: DeviceId, signal: AbortSignal): Promise<Link>;
  /** Runs `work` with the links that have a content, the preferred one first; waits until there is one. */
  withSources<T>(id: ContentId, preferred: DeviceId | null, signal: AbortSignal, work: (links: readonly Link[]) => Promise<T>, waits?: () => void): Promise<T>;
  pause(ms: Millis, signal: AbortSignal): Promise<void>;
}
