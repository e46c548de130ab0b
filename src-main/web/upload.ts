import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { safePath } from '#shared/names.ts';
import { Outbox, type Staged } from '../node/offers/outbox.ts';

const maxUploadsAtOnce = 8;

/** Takes files dropped onto the web page into the outbox. */
export class Uploads {
  readonly #outbox: Outbox;
  #running = 0;

  constructor(dataDir: string) {
    this.#outbox = new Outbox(dataDir);
  }

  /**
   * `pathname` is `/upload/BATCH/PATH` as it came; a PATH that ends in `/` makes an empty folder. Rejects with
   * `bad-argument`, `already-exists`, `disk-full`, `too-many`, `no-permission`, `disk-error`, `cancelled` (the browser left).
   */
  async receive(request: IncomingMessage, pathname: string): Promise<Staged> {
    const { batch, components, isFolder } = parsePath(pathname);
    const bytes = contentLength(request, isFolder);
    if (this.#running >= maxUploadsAtOnce) throw new AppError('too-many');
    this.#running++;
    try {
      return await (isFolder ? this.#outbox.putFolder(batch, components) : this.#outbox.putFile(batch, components, bytes, (file) => writeBody(request, file, bytes)));
    } finally {
      this.#running--;
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

async function writeBody(request: IncomingMessage, file: FileHandle, bytes: number): Promise<void> {
  try {
    let written = 0;
    // HTTP itself ends the body at its declared length; a connection that ends before makes this loop throw.
    for await (const chunk of request as AsyncIterable<Buffer>) {
      await file.writeFile(chunk);
      written += chunk.length;
    }
    if (written !== bytes) throw new AppError('cancelled');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') throw new AppError('cancelled', {}, { cause: error });
    throw error;
  }
}
