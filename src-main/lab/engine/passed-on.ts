import { limits } from '#shared/limits.ts';
import type { Bitfield } from '../../core/bitfield.ts';
import { OriginProof, type Place } from '../../core/swarm/origin-proof.ts';
import type { CheckedFile } from './swarm-checker.ts';

export interface PassedOnPorts {
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  /** Whether there is a link to the one whose word it is. */
  isLinked(): boolean;
  /** Asks it for a few bytes, over that link. Questions have numbers below 0, which no request of the machine has. */
  ask(question: number, place: Place): void;
  /** `again` is to be called after a while. */
  askAgainLater(): void;
  /** These pieces may be passed on, too. */
  show(pieces: readonly number[]): void;
  /** Nothing may be passed on any more. */
  hide(): void;
}

interface Test {
  readonly pieces: readonly number[];
  readonly places: readonly Place[];
  /** How many places were given in earlier trips, and in this one. */
  given: number;
  hasFailed: boolean;
}

/** What a node passes on for the word of one other, and how that one is tested: what `PassedOnFile` is in the app. */
export class PassedOn {
  readonly #file: CheckedFile;
  readonly #ports: PassedOnPorts;
  /** Null while the file is closed; what is shown stays, as it does in the app's records. */
  #proof: OriginProof | null = null;
  #shown: Bitfield | null = null;
  #test: Test | null = null;
  /** Questions under way. */
  readonly #waiting = new Set<number>();
  #lastQuestion = 0;

  constructor(file: CheckedFile, ports: PassedOnPorts) {
    this.#file = file;
    this.#ports = ports;
  }

  get shown(): Uint8Array {
    return this.#shown?.bytes ?? new Uint8Array();
  }

  shows(piece: number): boolean {
    return this.#shown?.has(piece) === true;
  }

  /** The file is open, and so much of it is verified. */
  begin(have: Bitfield): void {
    const { bytes, pieceBytes } = this.#file;
    this.#proof = new OriginProof(have, this.shown, (piece) => Math.min(pieceBytes, bytes - piece * pieceBytes), this.#ports.random);
    this.#shown = this.#proof.shown;
  }

  /** The file is closed, or the program ends. */
  end(): void {
    this.#proof = null;
    this.#test = null;
    this.#waiting.clear();
  }

  /** A piece is verified. `isGiven`: whoever's word it is gave all of it. */
  came(piece: number, isGiven: boolean): void {
    if (this.#proof === null) return;
    if (isGiven) this.#ports.show(this.#proof.given(piece));
    else this.#proof.came(piece);
    this.ask();
  }

  /** Tests what is untested, one test after the other. */
  ask(): void {
    const proof = this.#proof;
    if (proof === null || this.#test !== null) return;
    const pieces = proof.untested;
    if (pieces.length === 0) return;
    this.#test = { pieces, places: proof.asksFor(pieces).map((piece) => proof.draw(piece)), given: 0, hasFailed: false };
    this.again();
  }

  /** There is a link, or some time has passed since nothing was answered. */
  again(): void {
    const test = this.#test;
    if (test === null || this.#waiting.size > 0 || !this.#ports.isLinked()) return;
    for (const place of test.places.slice(test.given, test.given + limits.transfer.proofsAtOnce)) {
      this.#waiting.add(--this.#lastQuestion);
      this.#ports.ask(this.#lastQuestion, place);
    }
  }

  /** `isTheSame`: null when it was refused. */
  answered(question: number, isTheSame: boolean | null): void {
    const [proof, test] = [this.#proof, this.#test];
    if (!this.#waiting.delete(question) || proof === null || test === null) return;
    if (isTheSame === false) {
      proof.disproved();
      this.#test = null;
      this.#waiting.clear();
      return this.#ports.hide();
    }
    if (isTheSame === null) test.hasFailed = true;
    else test.given++;
    if (this.#waiting.size > 0) return;
    if (test.hasFailed) return this.#restart(test);
    if (test.given < test.places.length) return this.again();
    this.#test = null;
    this.#ports.show(proof.passed(test.pieces));
    this.ask();
  }

  /** What was asked over the link is not answered any more. */
  unlinked(): void {
    if (this.#waiting.size === 0 || this.#test === null) return;
    this.#waiting.clear();
    this.#restart(this.#test);
  }

  #restart(test: Test): void {
    test.given = 0;
    test.hasFailed = false;
    this.#ports.askAgainLater();
  }
}
