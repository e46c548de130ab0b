import { AppError } from '#shared/errors.ts';
import { fromHex, type ContentId } from '#shared/ids.ts';
import { second, type Bytes } from '#shared/units.ts';
import type { DownloadContext } from '../download/download-context.ts';
import type { FileOrigin } from './file-owner.ts';
import type { FileStop } from './file-stop.ts';

const askForRootEveryMs = 0.3 * second;

/** What the content of a file is: it is known when the file is listed, or its origin says it, which may still be hashing it. */
export class FileIdentity {
  id: ContentId | null;
  /** It was not known when the file was listed: the origin is asked by path, again whenever it loses track. */
  readonly isOpenedByPath: boolean;
  /** What the origin knows the file by until it has a root; null: it was not asked, or has lost track. */
  provisionalKey: string | null = null;
  readonly #context: Pick<DownloadContext, 'linkTo' | 'pause'>;
  readonly #origin: FileOrigin | null;
  readonly #file: { readonly name: string; readonly bytes: Bytes };
  readonly #stop: FileStop;
  /** The id as bytes, made once. */
  #root: { readonly id: ContentId; readonly root: Uint8Array } | null = null;

  constructor(context: Pick<DownloadContext, 'linkTo' | 'pause'>, origin: FileOrigin | null, file: { readonly name: string; readonly bytes: Bytes; readonly contentId: ContentId | null }, stop: FileStop) {
    this.id = file.contentId;
    this.isOpenedByPath = file.contentId === null;
    this.#context = context;
    this.#origin = origin;
    this.#file = file;
    this.#stop = stop;
  }

  get root(): Uint8Array | null {
    if (this.id === null) return null;
    if (this.#root?.id !== this.id) this.#root = { id: this.id, root: fromHex(this.id) };
    return this.#root.root;
  }

  /** The file is not hashed yet where it was seen: gets its root, or a key for the time until it has one. Rejects with `content-unknown`, `source-changed`. */
  async askOrigin(): Promise<void> {
    if (this.#origin === null) throw new AppError('content-unknown');
    const link = await this.#context.linkTo(this.#origin.peer, this.#stop.signal);
    const answer = await link.request('open', { path: this.#origin.path }, { signal: this.#stop.signal });
    if (answer.bytes !== this.#file.bytes) throw new AppError('source-changed', { name: this.#file.name });
    if (answer.contentId !== null) this.id = answer.contentId;
    else this.provisionalKey = answer.key;
  }

  /** The sender finishes hashing about when we finish fetching; its root decides whether every piece was right. Not noted here before that is looked at. */
  async whenHashed(): Promise<ContentId> {
    let id: ContentId | null = null;
    while (id === null) {
      if (this.provisionalKey === null) await this.askOrigin();
      id = this.id;
      if (id !== null || this.provisionalKey === null || this.#origin === null) break;
      const link = await this.#context.linkTo(this.#origin.peer, this.#stop.signal);
      id = (await link.request('rootOf', { key: this.provisionalKey }, { signal: this.#stop.signal })).contentId;
      if (id === null) await this.#context.pause(askForRootEveryMs, this.#stop.signal);
    }
    if (id === null) throw new AppError('content-unknown');
    return id;
  }
}
