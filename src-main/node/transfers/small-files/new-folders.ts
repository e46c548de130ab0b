import type { Receiver } from '../../ports/receiver.ts';

/**
 * Folders that were not there when a run of their download began: what lies in them this run has put there. So nobody has to look for its files
 * before they are fetched, which takes a trip to the receiving thread for each batch, and at first waits until that has started. What
 * somebody else puts there meanwhile is seen when a file is given its name.
 */
export class NewFolders {
  readonly #receiver: Pick<Receiver, 'isThere'>;
  readonly #isNew = new Map<string, Promise<boolean>>();

  constructor(receiver: Pick<Receiver, 'isThere'>) {
    this.#receiver = receiver;
  }

  /** Another run begins. */
  forget(): void {
    this.#isNew.clear();
  }

  /** Whether the folder `name` below a base is new to this run, which has put nothing there before it asks. */
  isNew(base: string, name: string): Promise<boolean> {
    const known = this.#isNew.get(name);
    if (known !== undefined) return known;
    const isNew = this.#receiver.isThere(base, name).then((isThere) => !isThere, () => false);
    this.#isNew.set(name, isNew);
    return isNew;
  }

  /** Whether all these files lie in such folders. */
  async holdAll(base: string, paths: readonly (readonly string[])[]): Promise<boolean> {
    const [names, areInFolders] = [new Set(paths.map(([name = '']) => name)), paths.every(({ length }) => length > 1)];
    return areInFolders && (await Promise.all([...names].map((name) => this.isNew(base, name)))).every((isNew) => isNew);
  }
}
