import { copyFile, link, mkdir, open, rm, statfs, unlink } from 'node:fs/promises';
import { constants } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { safePath } from '#shared/names.ts';
import { dataPaths, diskError } from '../node/data-dir.ts';

const maxUploadsAtOnce = 8;
/** Uploads under way lie here until they are whole. */
const incomingFolder = '.incoming';

export interface Uploaded {
  /** The file (or empty folder) itself. */
  readonly path: string;
  /** What was dropped as a whole: the file, or the top folder it is in. */
  readonly root: string;
}

/**
 * Takes files dropped onto the web page into `DATA/outbox/BATCH/PATH`, from where they can be sent or shared. A file
 * appears whole or not at all and never replaces another.
 */
export class Uploads {
  readonly #outbox: string;
  #running = 0;

  private constructor(outbox: string) {
    this.#outbox = outbox;
  }

  /** Removes what uploads of an earlier run left unfinished. */
  static async open(dataDir: string): Promise<Uploads> {
    const { outbox } = dataPaths(dataDir);
    await rm(join(outbox, incomingFolder), { recursive: true, force: true });
    return new Uploads(outbox);
  }

  /**
   * `pathname` is `/upload/BATCH/PATH` as it came; a PATH that ends in `/` makes an empty folder. Rejects with
   * `bad-argument`, `already-exists`, `disk-full`, `too-many`, `no-permission`, `disk-error`, `cancelled` (the browser left).
   */
  async receive(request: IncomingMessage, pathname: string): Promise<Uploaded> {
    const { batch, components, isFolder } = parsePath(pathname);
    const bytes = contentLength(request, isFolder);
    const top = join(this.#outbox, batch);
    const target = join(top, ...components);
    if (this.#running >= maxUploadsAtOnce) throw new AppError('too-many');
    this.#running++;
    try {
      await (isFolder ? mkdir(target, { recursive: true, mode: 0o700 }) : this.#receiveFile(request, target, bytes));
    } catch (error) {
      throw error instanceof AppError ? error : diskError(error, target);
    } finally {
      this.#running--;
    }
    return { path: target, root: join(top, components[0] ?? '') };
  }

  async #receiveFile(request: IncomingMessage, target: string, bytes: number): Promise<void> {
    const incoming = join(this.#outbox, incomingFolder);
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await requireFreeSpace(incoming, bytes);
    const aside = join(incoming, randomBytes(12).toString('hex'));
    try {
      await writeBody(request, aside, bytes);
      await placeWhole(aside, target);
    } finally {
      await rm(aside, { force: true });
    }
  }
}

function parsePath(pathname: string): { batch: string; components: readonly string[]; isFolder: boolean } {
  const [, , batch = '', ...encoded] = pathname.split('/');
  const isFolder = encoded.at(-1) === '';
  const components = isFolder ? encoded.slice(0, -1) : encoded;
  if (!/^[0-9a-f]{8,64}$/.test(batch)) throw new AppError('bad-argument', { argument: 'batch', detail: batch.slice(0, 80) });
  if (components.length === 0 || components.length > limits.content.folderDepth) throw new AppError('bad-argument', { argument: 'path', detail: '' });
  try {
    return { batch, components: safePath(components.map((component) => decodeURIComponent(component))).path, isFolder };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('bad-argument', { argument: 'path', detail: '%' }, { cause: error });
  }
}

function contentLength(request: IncomingMessage, isFolder: boolean): number {
  const text = request.headers['content-length'] ?? (isFolder ? '0' : '');
  const bytes = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(bytes <= limits.web.uploadFileBytes) || (isFolder && bytes > 0)) throw new AppError('bad-argument', { argument: 'content-length', detail: text });
  return bytes;
}

async function requireFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + limits.transfer.diskReserveBytes) throw new AppError('disk-full', { path: folder });
}

async function writeBody(request: IncomingMessage, file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    let written = 0;
    // HTTP itself ends the body at its declared length; a connection that ends before makes this loop throw.
    for await (const chunk of request as AsyncIterable<Buffer>) {
      await handle.writeFile(chunk);
      written += chunk.length;
    }
    if (written !== bytes) throw new AppError('cancelled');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') throw new AppError('cancelled', {}, { cause: error });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Gives a whole file its name unless something has it already; volumes without hard links copy. */
async function placeWhole(aside: string, target: string): Promise<void> {
  try {
    await link(aside, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw new AppError('already-exists', { name: target }, { cause: error });
    try {
      await copyFile(aside, target, constants.COPYFILE_EXCL);
    } catch (failed) {
      if (failed instanceof Error && 'code' in failed && failed.code === 'EEXIST') throw new AppError('already-exists', { name: target }, { cause: failed });
      await unlink(target).catch(() => undefined); // A copy that broke off; the error itself goes on.
      throw failed;
    }
  }
}
