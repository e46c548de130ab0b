import { limits } from '#shared/limits.ts';

/** Counts connections that have not yet proven who they are, so that strangers cannot take all our time and memory. */
export class HandshakeGate {
  readonly #perAddress = new Map<string, number>();
  readonly #mostAtOnce: number;
  readonly #mostPerAddress: number;
  #total = 0;

  constructor(mostAtOnce: number = limits.link.handshakesAtOnce, mostPerAddress: number = limits.link.handshakesPerAddress) {
    this.#mostAtOnce = mostAtOnce;
    this.#mostPerAddress = mostPerAddress;
  }

  /** Takes a place. Gives what releases it again (any number of calls), or null when all are taken. */
  enter(address: string): (() => void) | null {
    const count = this.#perAddress.get(address) ?? 0;
    if (this.#total >= this.#mostAtOnce || count >= this.#mostPerAddress) return null;
    this.#total++;
    this.#perAddress.set(address, count + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#total--;
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    };
  }
}
