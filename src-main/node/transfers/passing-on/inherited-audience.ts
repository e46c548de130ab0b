import { isDeepStrictEqual } from 'node:util';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Link, Links } from '../../ports/links.ts';
import type { Inherited } from '../file/file-owner.ts';
import type { DownloadRecord } from '../records.ts';

/** The device by whose word others get a download from here. */
export function saysForWhom({ audienceBy, source }: DownloadRecord): DeviceId | null {
  return source.kind === 'path' ? source.peer : audienceBy;
}

/** For whom one download is while it is passed on: asked once in each of its runs, and noted in its record. */
export class InheritedAudience {
  readonly #links: () => Pick<Links, 'all' | 'get'>;
  readonly #owner: { record: DownloadRecord };
  #asked: Promise<Inherited | null> | null = null;

  constructor(links: () => Pick<Links, 'all' | 'get'>, owner: { record: DownloadRecord }) {
    this.#links = links;
    this.#owner = owner;
  }

  runBegins(): void {
    this.#asked = null;
  }

  /** Null: for nobody. */
  get(): Promise<Inherited | null> {
    this.#asked ??= this.#ask().catch(() => lastAudience(this.#owner.record));
    return this.#asked;
  }

  /** Asks once more, if it was for somebody; whether it is for others now. */
  async hasChanged(): Promise<boolean> {
    const asked = this.#asked;
    const before = (await asked) ?? null;
    if (before === null || this.#asked !== asked) return false;
    this.#asked = null;
    return !isDeepStrictEqual(await this.get(), before);
  }

  async #ask(): Promise<Inherited | null> {
    const inherited = await askAudience(this.#links(), this.#owner.record);
    this.#owner.record = { ...this.#owner.record, audience: inherited?.audience ?? null, audienceBy: inherited?.by ?? null };
    return inherited;
  }
}

/** For whom it was when that was asked last. */
function lastAudience(record: DownloadRecord): Inherited | null {
  const { audience } = record;
  const by = saysForWhom(record);
  return audience === null || by === null ? null : { audience, by };
}

/** Asks for whom a download is. What the origin said last holds while it is away; what it does not show any more is for nobody. */
async function askAudience(links: Pick<Links, 'all' | 'get'>, record: DownloadRecord): Promise<Inherited | null> {
  const { source, audienceBy } = record;
  const last = lastAudience(record);
  if (source.kind === 'path') {
    const origin = links.get(source.peer);
    return origin === undefined ? last : askOrigin(origin, source.path);
  }
  // Who said it before has perhaps shown already what of it it has.
  const all = [...links.all()].sort((a, b) => Number(b.remote.id === audienceBy) - Number(a.remote.id === audienceBy));
  let isWithdrawn = false;
  for (const link of all) {
    const answer = await link.request('audience', { contentId: source.contentId }).catch(() => undefined);
    if (answer?.audience === null && link.remote.id === last?.by) isWithdrawn = true;
    if (answer !== undefined && answer.audience !== null) return { audience: answer.audience, by: link.remote.id };
  }
  return isWithdrawn ? null : last;
}

async function askOrigin(origin: Link, path: string): Promise<Inherited | null> {
  const { audience } = await origin.request('audience', { path }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not-found') return { audience: null };
    throw error;
  });
  return audience === null ? null : { audience, by: origin.remote.id };
}
