import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { writeFileAtomic } from '../write-file-atomic.ts';
import { shareRecordSchema, type ShareRecord } from './tables.ts';

const listSchema = z.object({ version: z.literal(1), shares: z.array(shareRecordSchema.omit({ hashedFiles: true, hashedBytes: true, problems: true })) });

/** The list of shares in a file beside the store: what is shared, and with whom, is not lost with a store beyond repair. */
export class ShareBackup {
  readonly #path: string;
  /** Ends with the last write. */
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** One write after the other, so that what was said last stays; what stands there already is left as it is. */
  write(shares: readonly ShareRecord[]): Promise<void> {
    const text = `${JSON.stringify(listSchema.parse({ version: 1, shares }), null, 1)}\n`;
    const written = this.#writing.then(async () => {
      const before = await readFile(this.#path, 'utf8').catch(() => null);
      if (before === text || (before === null && shares.length === 0)) return;
      await writeFileAtomic(this.#path, text);
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** The shares as last written; none when the file is not there or not readable. */
  async read(): Promise<ShareRecord[]> {
    try {
      const { shares } = listSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
      return shares.map((share) => ({ ...share, hashedFiles: 0, hashedBytes: 0, problems: 0 }));
    } catch {
      // It is the last resort already; without it the user shares anew.
      return [];
    }
  }
}
