import type { ContentId } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import type { Bitfield } from '../../core/bitfield.ts';
import type { SharedDownloads, Verified, WhatIsShared } from './shared-downloads.ts';

/** What others get of one file: its verified pieces while it is fetched, then the whole. Only for those the origin shares it with. */
export class PassedOnFile {
  readonly #fetched: SharedDownloads;
  readonly #audience: () => Promise<Audience | null>;
  /** Set from `begin` to `stop`. */
  #begun: { readonly id: ContentId; readonly verified: Verified } | null = null;

  constructor(fetched: SharedDownloads, audience: () => Promise<Audience | null>) {
    this.#fetched = fetched;
    this.#audience = audience;
  }

  get isBegun(): boolean {
    return this.#begun !== null;
  }

  /** Its part is there; `verified` of the file says which pieces may be read at any time. */
  async begin(id: ContentId, what: WhatIsShared, file: { readonly verified: Bitfield }): Promise<void> {
    const audience = await this.#audience();
    if (audience === null) return;
    const verified = { has: (piece: number) => file.verified.has(piece), get share() { return file.verified.count / Math.max(1, file.verified.length); } };
    if (await this.#fetched.begin(id, { ...what, audience }, verified)) this.#begun = { id, verified };
  }

  /** It lies complete under its name: it is served on for a while. */
  async complete(id: ContentId | null, what: WhatIsShared): Promise<void> {
    const audience = id === null ? null : await this.#audience();
    if (audience === null || id === null) return;
    // Somebody may have taken it away at once: then others do not get it from here, but it was fetched all the same.
    await this.#fetched.finish(id, { ...what, audience }).catch(() => undefined);
  }

  /** It is not fetched any more. Returns whether it was passed on. */
  stop(): boolean {
    const begun = this.#begun;
    this.#begun = null;
    if (begun !== null) this.#fetched.drop(begun.id, begun.verified);
    return begun !== null;
  }
}
