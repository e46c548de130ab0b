import type { LaneNumber } from './lanes.ts';
import { RecordLists } from './record-lists.ts';

const factsEach = 2;
const readPieceAt = 0;
const serialAt = 1;

const bitOf = (piece: number): number => 0x80 >> (piece & 7);

/** What drivers note of their links, of all nodes together. A link is named by the lane from its owner to the peer. */
export class Links {
  /** Blocks the owner waits for: request; fetch, where the block begins. */
  readonly requests = new RecordLists();
  /** Blocks the peer waits for: want; piece, bytes, 1 when the machine has said to serve it. */
  readonly wants = new RecordLists();
  readonly #bytesEach: number;
  #claimed: Uint8Array;
  /**
   * Of each link, side by side: the piece the disk is reading for the peer, whose blocks go out one after the other, and a
   * serial that tells the link from an earlier one over the same lane.
   */
  #facts = new Int32Array(64 * factsEach);
  readonly #view = { lane: 0, has: (piece: number): boolean => this.#claims(this.#view.lane, piece) };

  constructor(pieces: number) {
    this.#bytesEach = Math.ceil(pieces / 8);
    this.#claimed = new Uint8Array(64 * this.#bytesEach);
  }

  /** Returns the serial of the new link. */
  up(lane: LaneNumber): number {
    while ((lane + 1) * this.#bytesEach > this.#claimed.length) this.#grow();
    this.claimNothing(lane);
    this.requests.clear(lane);
    this.wants.clear(lane);
    this.#facts[lane * factsEach + readPieceAt] = -1;
    return this.#facts[lane * factsEach + serialAt] = this.serial(lane) + 1;
  }

  serial(lane: LaneNumber): number {
    return this.#facts[lane * factsEach + serialAt] ?? 0;
  }

  /** Notes which piece is read for the peer; returns whether it was the last one, too. */
  reads(lane: LaneNumber, piece: number): boolean {
    const before = this.#facts[lane * factsEach + readPieceAt];
    this.#facts[lane * factsEach + readPieceAt] = piece;
    return before === piece;
  }

  /** What the peer said it has; nothing, when there is no link. The answer is good until the next call. */
  claimed(lane: LaneNumber | undefined): { has(piece: number): boolean } {
    this.#view.lane = lane ?? -1;
    return this.#view;
  }

  claim(lane: LaneNumber, piece: number): void {
    const at = lane * this.#bytesEach + (piece >> 3);
    this.#claimed[at] = (this.#claimed[at] ?? 0) | bitOf(piece);
  }

  claimNothing(lane: LaneNumber): void {
    this.#claimed.fill(0, lane * this.#bytesEach, (lane + 1) * this.#bytesEach);
  }

  #claims(lane: LaneNumber, piece: number): boolean {
    return lane >= 0 && ((this.#claimed[lane * this.#bytesEach + (piece >> 3)] ?? 0) & bitOf(piece)) !== 0;
  }

  #grow(): void {
    const claimed = new Uint8Array(2 * this.#claimed.length);
    claimed.set(this.#claimed);
    this.#claimed = claimed;
    const facts = new Int32Array(2 * this.#facts.length);
    facts.set(this.#facts);
    this.#facts = facts;
  }
}
