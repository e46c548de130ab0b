import { createHash } from 'node:crypto';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Share } from '#shared/model/share.ts';
import { nameBytes } from '#shared/names.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { minute, second } from '#shared/units.ts';
import { TokenBucket } from '../../core/rate/token-bucket.ts';
import type { Library } from '../ports/library.ts';
import type { UnderWay } from '../transfers/passing-on/shared-downloads.ts';
import { partialEntries } from './partial-entries.ts';

/** What somebody publishes is to be seen by others within a second, and servers hear of news after half a second. */
const collectMs = 0.2 * second;
/** Changes come without end while a large folder is hashed: after a few quick ones, a reading every two seconds. */
const readingsPerSecond = 0.5;
const readingsBurst = 4;
/** How often it is looked how far downloads have come. */
const lookMs = minute;

export type PublicLibrary = Pick<Library, 'shares' | 'walk' | 'onShare' | 'onShareGone' | 'onListing'>;

export interface Announced {
  /** The same list has the same revision, also after a restart. */
  readonly revision: string;
  readonly entries: readonly Entry[];
}

const listOf = (entries: readonly Entry[]): Announced => ({ revision: createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 32), entries });

/**
 * What servers are told of our shares: those for everybody, as a whole, and the large files in them, by content and name. Also files that are
 * on their way into one of them (`partialEntries`).
 */
export class PublicEntries {
  readonly #library: PublicLibrary;
  readonly #underWay: () => readonly UnderWay[];
  readonly #onChange: () => void;
  readonly #background: (work: Promise<unknown>) => void;
  readonly #readings = new TokenBucket(readingsPerSecond, readingsBurst, performance.now());
  #list: Announced = listOf([]);
  #shares: readonly Share[] = [];
  #complete: readonly Entry[] = [];
  #partial: readonly Entry[] = [];
  #timer: NodeJS.Timeout | null = null;
  readonly #look: NodeJS.Timeout;
  #isReading = false;

  constructor({ library, underWay, onChange, background }: { readonly library: PublicLibrary; readonly underWay: () => readonly UnderWay[]; readonly onChange: () => void; readonly background: (work: Promise<unknown>) => void }) {
    this.#library = library;
    this.#underWay = underWay;
    this.#onChange = onChange;
    this.#background = background;
    for (const follow of [library.onShare, library.onShareGone, library.onListing]) follow.call(library, () => { this.#soon(); });
    this.#soon();
    this.#look = setInterval(() => { this.#lookAtDownloads(); }, lookMs).unref();
  }

  get list(): Announced {
    return this.#list;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    clearInterval(this.#look);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => { this.#background(this.#read()); }, Math.max(collectMs, this.#readings.waitMs(performance.now()))).unref();
  }

  async #read(): Promise<void> {
    this.#timer = null;
    if (this.#isReading) return this.#soon();
    this.#isReading = true;
    this.#readings.charge(performance.now(), 1);
    const read = await publicEntries(this.#library).finally(() => { this.#isReading = false; });
    if (read === null) return this.#soon();
    const { shares, entries } = read;
    this.#shares = shares;
    this.#complete = entries;
    this.#partial = partialEntries(this.#underWay(), shares);
    this.#tell();
  }

  #lookAtDownloads(): void {
    const partial = partialEntries(this.#underWay(), this.#shares);
    if (JSON.stringify(partial) === JSON.stringify(this.#partial)) return;
    this.#partial = partial;
    this.#tell();
  }

  #tell(): void {
    const known = new Set(this.#complete.map(({ contentId }) => contentId));
    const list = listOf([...this.#complete, ...this.#partial.filter(({ contentId }) => !known.has(contentId))].slice(0, limits.servers.entries));
    if (list.revision === this.#list.revision) return;
    this.#list = list;
    this.#onChange();
  }
}

const publicShares = async (library: PublicLibrary): Promise<Share[]> => (await library.shares()).filter(({ audience }) => audience.kind === 'public').toSorted((a, b) => (a.id < b.id ? -1 : 1));
const namesOf = (shares: readonly Share[]): string => JSON.stringify(shares.map(({ id, name }) => [id, name]));

/**
 * Each content once, whole shares before files, in a steady order; at most `limits.servers.entries`. Null: other shares are public now, or they have other
 * names, so that what was read may be of one that is for nobody else.
 */
async function publicEntries(library: PublicLibrary): Promise<{ shares: readonly Share[]; entries: Entry[] } | null> {
  const found = new Map<string, Entry>();
  const add = (entry: Omit<Entry, 'contentId'> & { readonly contentId: Entry['contentId'] | null }): void => {
    const { contentId, kind, name, bytes } = entry;
    if (contentId !== null && found.size < limits.servers.entries && !found.has(contentId) && nameBytes(name) <= limits.names.componentBytes) found.set(contentId, { contentId, kind, name, bytes });
  };
  const shares = await publicShares(library);
  for (const share of shares) add(share);
  const areOthers = async (): Promise<boolean> => namesOf(await publicShares(library)) !== namesOf(shares);
  const before = found.size;
  let isAnyMissing = false;
  try {
    for (const share of shares) if (share.kind === 'folder' && !(await eachLargeFile(library, share, add))) isAnyMissing = true;
  } catch (error) {
    if (await areOthers()) return null;
    throw error;
  }
  return (found.size > before || isAnyMissing) && (await areOthers()) ? null : { shares, entries: [...found.values()] };
}

/** False: there is no such folder, or what was shared a moment ago has not been looked at yet, which is told as another listing. */
async function eachLargeFile(library: PublicLibrary, { name }: Share, take: (entry: Pick<Entry, 'kind' | 'name' | 'bytes'> & { contentId: Entry['contentId'] | null }) => void): Promise<boolean> {
  let cursor: string | undefined;
  do {
    const page = await library.walk({ kind: 'self' }, name, cursor, limits.browse.entriesPerPage).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return null;
      throw error;
    });
    if (page === null) return false;
    for (const { entry } of page.entries) if (entry.kind === 'file' && entry.bytes >= limits.servers.fileBytes) take(entry);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return true;
}
