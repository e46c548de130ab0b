import type { DeviceId } from '#shared/ids.ts';
import { isBetter, type PathRank } from './path-rank.ts';

/** What a control hello says about the run of the node that sent it. */
export interface Greeting {
  readonly instance: string;
  readonly sequence: number;
}

/** A connection that somebody wants as the link. */
export interface Offer {
  /** As both ends see it. */
  readonly rank: PathRank;
  /** Whoever dialled holds to the very link that we hold to, and gives it up only for this one. */
  readonly isInstead: boolean;
}

/**
 * Which connection is the link, when two devices dial each other at the same time (the "connection collision" of RFC 4271
 * §6.8). A device sends a hello only when it holds to no other connection, as the one who dials, or to accept a dialled
 * one. So the newest hello of a device names the one connection it holds to, and there is a conflict only while both
 * wait for an answer; then the device with the smaller id is the one who dials. Both ends come to the same result in
 * whatever order they see events. A link that is up at both ends is given up only for a connection that both call better: ranks
 * only ever improve, so there is no going back and forth, whatever each end thinks by itself.
 */
export class DevicePair<Connection> {
  readonly #weDial: boolean;
  /** Dialled by us, hello sent, not answered. */
  #waiting: Connection | null = null;
  #link: { readonly connection: Connection; readonly rank: PathRank } | null = null;
  /** Newest hello of the other device. */
  #newest: Greeting | null = null;

  constructor(self: DeviceId, remote: DeviceId) {
    this.#weDial = self < remote;
  }

  get isEmpty(): boolean {
    return this.#waiting === null && this.#link === null;
  }

  /** Whether a dialled connection may send its hello: no other one waits, and there is no link, or one that is worse. `rank`: as we see it. */
  mayGreet(rank: PathRank): boolean {
    return this.#waiting === null && (this.#link === null || isBetter(rank, this.#link.rank));
  }

  greet(connection: Connection, rank: PathRank): boolean {
    if (!this.mayGreet(rank)) return false;
    this.#waiting = connection;
    return true;
  }

  /** Their hello on a connection they dialled. Gives the connections that must be closed for it, or null to refuse it. */
  admit(connection: Connection, greeting: Greeting, { rank, isInstead }: Offer): readonly Connection[] | null {
    if (this.#isStale(greeting)) return null;
    if (isInstead && this.#link !== null && !isBetter(rank, this.#link.rank)) return null;
    // They wait for our answer as we do for theirs: the same rule at both ends says whose dial goes on.
    if (this.#waiting !== null && this.#weDial) return null;
    return this.#take(connection, greeting, rank, [this.#waiting]);
  }

  /** Their hello in answer to ours. Gives the connections that must be closed for it, or null when we do not hold to this one any more. */
  answered(connection: Connection, greeting: Greeting, rank: PathRank): readonly Connection[] | null {
    return this.#waiting === connection ? this.#take(connection, greeting, rank, []) : null;
  }

  /** A connection has ended. */
  gone(connection: Connection): void {
    if (this.#waiting === connection) this.#waiting = null;
    if (this.#link?.connection === connection) this.#link = null;
  }

  #take(connection: Connection, greeting: Greeting, rank: PathRank, dials: readonly (Connection | null)[]): readonly Connection[] {
    const closes = [...dials, this.#link?.connection].filter((other): other is NonNullable<typeof other> => other !== null && other !== undefined);
    this.#waiting = null;
    this.#link = { connection, rank };
    this.#newest = greeting;
    return closes;
  }

  /** A hello sent before the one by which they agreed to the present link: they have given its connection up since. */
  #isStale({ instance, sequence }: Greeting): boolean {
    return this.#newest !== null && this.#newest.instance === instance && sequence < this.#newest.sequence;
  }
}
