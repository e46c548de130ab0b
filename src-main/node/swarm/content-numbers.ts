import { toHex } from '#shared/ids.ts';

/** Contents that have a swarm: their roots, and the numbers that the swarm knows them by. */
export class ContentNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #roots = new Map<number, Uint8Array>();

  add(number: number, root: Uint8Array): void {
    this.#numbers.set(toHex(root), number);
    this.#roots.set(number, root);
  }

  remove(number: number): void {
    const root = this.#roots.get(number);
    if (root === undefined) return;
    this.#roots.delete(number);
    this.#numbers.delete(toHex(root));
  }

  has(number: number): boolean {
    return this.#roots.has(number);
  }

  /** `root`: in hex. */
  numberOf(root: string): number | undefined {
    return this.#numbers.get(root);
  }

  rootOf(number: number): Uint8Array | undefined {
    return this.#roots.get(number);
  }

  get numbers(): IterableIterator<number> {
    return this.#roots.keys();
  }
}
