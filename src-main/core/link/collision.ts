import type { DeviceId } from '#shared/ids.ts';

/** What a control hello says about the run of the node that sent it. */
export interface Greeting {
  readonly instance: string;
  readonly sequence: number;
}

/**
 * Which connection is the link, when two devices dial each other at the same time (the "connection collision" of RFC 4271
 * §6.8). A device sends a hello only when it holds to no other connection, as the one who dials, or to accept a dialled
 * one. So the newest hello of a device names the one connection it holds to, and there is a conflict only while both
 * wait for an answer; then the device with the smaller id is the one who dials. Both ends come to the same result in
 * whatever order they see events, and a link that is up at both ends is given up only for a better one that its other end
 * dialled.
 */
export class DevicePair<Connection> {
  readonly #weDial: boolean;
  /** Dialled by us, hello sent, not answered. */
  #waiting: Connection | null = null;
  #link: Connection | null = null;
  /** Newest hello of the other device. */
  #newest: Greeting | null = null;

  constructor(self: DeviceId, remote: DeviceId) {
    this.#weDial = self < remote;
  }

  get isEmpty(): boolean {
    return this.#waiting === null && this.#link === null;
  }

  /** Whether a dialled connection may send its hello: no other one waits, and there is no link, or one that is worse. */
  mayGreet(isBetter: boolean): boolean {
    return this.#waiting === null && (this.#link === null || isBetter);
  }

  greet(connection: Connection, isBetter = false): boolean {
    if (!this.mayGreet(isBetter)) return false;
    this.#waiting = connection;
    return true;
  }

  /** Their hello on a connection they dialled. Gives the connections that must be closed for it, or null to refuse it. */
  admit(connection: Connection, greeting: Greeting): readonly Connection[] | null {
    if (this.#isStale(greeting)) return null;
    // They wait for our answer as we do for theirs: the same rule at both ends says whose dial goes on.
    if (this.#waiting !== null && this.#weDial) return null;
    const closes = [this.#waiting, this.#link].filter((other): other is NonNullable<typeof other> => other !== null);
    this.#waiting = null;
    this.#link = connection;
    this.#newest = greeting;
    return closes;
  }

  /** Their hello in answer to ours. Gives the connections that must be closed for it, or null when we do not hold to this one any more. */
  answered(connection: Connection, greeting: Greeting): readonly Connection[] | null {
    if (this.#waiting !== connection) return null;
    const closes = this.#link === null ? [] : [this.#link];
    this.#waiting = null;
    this.#link = connection;
    this.#newest = greeting;
    return closes;
  }

  /** A connection has ended. */
  gone(connection: Connection): void {
    if (this.#waiting === connection) this.#waiting = null;
    if (this.#link === connection) this.#link = null;
  }

  /** A hello sent before the one by which they agreed to the present link: they have given its connection up since. */
  #isStale({ instance, sequence }: Greeting): boolean {
    return this.#newest !== null && this.#newest.instance === instance && sequence < this.#newest.sequence;
  }
}
