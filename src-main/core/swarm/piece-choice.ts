import type { Bytes, Millis } from '#shared/units.ts';
import type { Download, Downloads } from './download-state.ts';
import type { SwarmSink } from './events.ts';
import { endgamePick, isMuchFaster, isSlow, type Fetch } from './fetch.ts';
import type { Fetches } from './fetches.ts';
import type { FileState } from './file-state.ts';
import type { PeerState } from './peer-state.ts';

/** Chooses what a peer gives next, and makes room for it: from slow peers, if need be. */
export class PieceChoice {
  readonly #downloads: Downloads;
  readonly #fetches: Fetches;
  readonly #random: () => number;
  /** Somebody could give a piece, and there was no buffer for it. */
  lacksRoom = false;

  constructor(downloads: Downloads, fetches: Fetches, random: () => number) {
    this.#downloads = downloads;
    this.#fetches = fetches;
    this.#random = random;
  }

  /** Begins the piece that the peer gives next; null: it has none that is wanted, or there is no room. */
  begin(now: Millis, peer: PeerState, out: SwarmSink): Fetch | null {
    let lacksRoom = false;
    for (const download of this.#downloads.line) {
      const next = download.pick(peer, this.#random);
      if (next === null) continue;
      const fetch = this.#beginAt(now, next.file, next.piece, peer, out);
      if (fetch !== null) return fetch;
      // Another download may have room of its own.
      lacksRoom = true;
    }
    if (lacksRoom) return null;
    const late = endgamePick(now, peer, this.#fetches.values());
    return late === null ? null : this.#beginAt(now, late.file, late.piece, peer, out);
  }

  /** Null: there is no room. */
  #beginAt(now: Millis, file: FileState, piece: number, peer: PeerState, out: SwarmSink): Fetch | null {
    if (!this.#hasRoom(now, file.download, file.bytesOf(piece), peer, out)) {
      this.lacksRoom = true;
      return null;
    }
    const fetch = this.#fetches.begin(now, file, piece, peer, out);
    peer.asking = fetch;
    file.content.unwant(piece);
    file.download.note(file);
    return fetch;
  }

  /**
   * A fast peer that finds no room takes it from slow ones that hold more than half. Not from itself: what it was asked for before anybody had
   * measured it counts as slow, and comes next.
   */
  #hasRoom(now: Millis, download: Download, bytes: Bytes, peer: PeerState, out: SwarmSink): boolean {
    const slow = isSlow(now, peer, bytes);
    if (this.#downloads.fits(now, download, bytes, slow)) return true;
    if (slow || !this.#downloads.contest(now, download)) return false;
    for (const fetch of [...this.#fetches.values()].toReversed()) {
      if (!this.#downloads.areHeldBySlow(fetch.file.download)) continue;
      if (fetch.peer !== peer && fetch.isSlow && !fetch.verifying && isMuchFaster(now, peer, fetch)) this.#fetches.giveUp(fetch, out, true);
    }
    return this.#downloads.fits(now, download, bytes, slow);
  }
}
