import { fromHex, type ContentId, type DeviceId } from '#shared/ids.ts';
import { second } from '#shared/units.ts';
import type { Bitfield } from '../../../core/bitfield.ts';
import { pieceBytesFor, pieceLength } from '../../../core/content/piece-size.ts';
import { OriginProof } from '../../../core/swarm/origin-proof.ts';
import type { SwarmContents } from '../../swarm/swarm-contents.ts';
import type { DownloadContext } from '../download/download-context.ts';
import type { Inherited } from '../file/file-owner.ts';
import { givesTheSame, questionsOf, type Question } from './origin-questions.ts';
import type { ProvenPieces } from '../records.ts';
import type { Verified, WhatIsShared } from './shared-downloads.ts';

/** An origin that does not answer is asked the same again after this. */
const askAgainMs = 3 * second;

/** What it needs of a download's context. */
export interface PassedOnPorts extends Pick<DownloadContext, 'fetched' | 'linkTo' | 'pause'> {
  readonly swarm: { readonly contents: Pick<SwarmContents, 'share' | 'show' | 'unshare'> };
}

/** From the moment its audience is known. */
interface Passing {
  readonly inherited: Inherited;
  readonly proof: OriginProof;
  readonly verified: Verified;
  what: WhatIsShared;
}

/**
 * What others get of one file: its verified pieces while it is fetched, then the whole. Only for those its origin shares it
 * with, and only what came from the origin, or what it has shown to have.
 */
export class PassedOnFile {
  readonly #ports: PassedOnPorts;
  readonly #audience: () => Promise<Inherited | null>;
  /** Its number in the swarm. */
  readonly #number: number;
  /** Set from `begin` to `stop`. */
  #passing: Passing | null = null;
  #id: ContentId | null = null;
  #isBegun = false;
  /** Ends everything. */
  readonly #stop = new AbortController();
  /** Ends what waits for the origin to come, or to be asked again: when the file is complete nobody waits any more. */
  readonly #waits = new AbortController();
  #isAsking = false;

  constructor(ports: PassedOnPorts, number: number, audience: () => Promise<Inherited | null>) {
    this.#ports = ports;
    this.#number = number;
    this.#audience = audience;
  }

  /** Which pieces may be passed on in later lives too; null when that is not known. */
  get proven(): ProvenPieces | null {
    return this.#passing === null ? null : { by: this.#passing.inherited.by, pieces: Buffer.from(this.#passing.proof.shown.bytes).toString('base64') };
  }

  /** Its part is there, with what of it is verified. `id`: null while it is not known; then nobody gets it before it is complete. `proven`: what an earlier life knew. */
  async begin(id: ContentId | null, what: WhatIsShared, have: Bitfield, proven: ProvenPieces | null): Promise<void> {
    const inherited = await this.#audience();
    if (inherited === null) return;
    const shown = proven?.by === inherited.by ? Buffer.from(proven.pieces, 'base64') : null;
    const pieceBytes = pieceBytesFor(what.bytes);
    const proof = new OriginProof(have, shown, (piece) => pieceLength(what.bytes, pieceBytes, piece), Math.random);
    const verified: Verified = {
      has: (piece) => proof.shown.has(piece),
      get share() { return proof.shown.count / Math.max(1, proof.shown.length); },
      get bits() { return proof.shown.bytes; },
    };
    if (id !== null && !(await this.#ports.fetched.begin(id, { ...what, audience: inherited.audience }, verified))) return;
    this.#id = id;
    this.#isBegun = id !== null;
    this.#passing = { inherited, proof, verified, what };
  }

  /** It is in the swarm: who takes part hears of what is passed on. */
  share(): void {
    if (this.#passing === null || !this.#isBegun) return;
    const { shown } = this.#passing.proof;
    this.#ports.swarm.contents.share(this.#number, shown.length, shown.bytes);
    this.#ask();
  }

  /** A piece is verified on disk. `giver`: the device that gave all of it; null: it came otherwise. */
  came(piece: number, giver: DeviceId | null): void {
    if (this.#passing === null) return;
    const { proof, inherited } = this.#passing;
    if (giver === inherited.by) this.#show(proof.given(piece));
    else proof.came(piece);
    this.#ask();
  }

  /** A piece turned out wrong. */
  lost(piece: number): void {
    this.#passing?.proof.lost(piece);
  }

  /** It lies complete under its name: what is passed on of it is served on for a while. */
  async complete(id: ContentId | null, path: string): Promise<void> {
    const passing = this.#passing;
    if (passing === null || id === null) return;
    const { inherited: { audience }, proof, verified } = passing;
    passing.what = { ...passing.what, path };
    this.#id = id;
    // Somebody may have taken it away at once: then others do not get it from here, but it was fetched all the same.
    await this.#ports.fetched.finish(id, { ...passing.what, audience }, proof.shown.isFull ? null : verified).catch(() => undefined);
    // The last answer may be on its way.
    this.#waits.abort();
    this.#ask();
  }

  /** A file of one piece lies complete under its name. `giver`: as of `came`. */
  async whole(id: ContentId | null, what: WhatIsShared, giver: DeviceId | null): Promise<void> {
    const inherited = id === null || giver === null ? null : await this.#audience();
    if (id === null || inherited === null || inherited.by !== giver) return;
    await this.#ports.fetched.finish(id, { ...what, audience: inherited.audience }, null).catch(() => undefined);
  }

  /** It is not fetched any more. */
  stop(): void {
    const passing = this.#passing;
    this.#passing = null;
    this.#stop.abort();
    this.#waits.abort();
    if (passing === null || this.#id === null || !this.#isBegun) return;
    this.#ports.fetched.drop(this.#id, passing.verified);
    this.#ports.swarm.contents.unshare(this.#number);
  }

  #show(pieces: readonly number[]): void {
    if (this.#isBegun) this.#ports.swarm.contents.show(this.#number, pieces);
  }

  /** Tests what is untested, one test after the other. */
  #ask(): void {
    const passing = this.#passing;
    if (this.#isAsking || this.#id === null || passing === null || passing.proof.untested.length === 0) return;
    this.#isAsking = true;
    void this.#testAll(passing, this.#id).catch(() => undefined).finally(() => { this.#isAsking = false; });
  }

  async #testAll(passing: Passing, id: ContentId): Promise<void> {
    const { proof } = passing;
    const pieceBytes = pieceBytesFor(passing.what.bytes);
    for (let pieces = proof.untested; pieces.length > 0 && !this.#stop.signal.aborted; pieces = proof.untested) {
      const { path } = passing.what;
      const questions = await questionsOf(proof, pieces, path, pieceBytes);
      // It has got its name in this moment.
      if (questions === null && path !== passing.what.path) continue;
      if (questions === null || !(await this.#test(passing, id, questions))) return;
      this.#show(proof.passed(pieces));
    }
  }

  /** Whether the origin has given everything: it is asked the same until it answers, so that it cannot wait for what it knows. */
  async #test({ inherited, proof }: Passing, id: ContentId, questions: readonly Question[]): Promise<boolean> {
    const waits = this.#waits.signal;
    for (;;) {
      const link = await this.#ports.linkTo(inherited.by, waits);
      const isTheSame = await givesTheSame(link, fromHex(id), questions, this.#stop.signal);
      if (isTheSame === true) return true;
      if (isTheSame === false) {
        proof.disproved();
        if (this.#isBegun) this.#ports.swarm.contents.share(this.#number, proof.shown.length, proof.shown.bytes);
        return false;
      }
      if (waits.aborted) return false;
      await this.#ports.pause(askAgainMs, waits);
    }
  }
}
