import { randomBytes } from 'node:crypto';
import { Merkle } from '#main/core/content/merkle.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { Link } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { contentIdOf, toHex, type ContentId } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import type { BlockRequest, RejectReason } from '#shared/protocol/hot-frames.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import * as z from 'zod';
import { startNode, type TestNode } from '../../net/test-nodes.ts';

interface SharedFile {
  readonly name: string;
  readonly data: Uint8Array;
  readonly id: ContentId;
  readonly layer: Uint8Array;
}

/** A device that shares one folder and gives bytes only when the test says so. */
export class PatientSource {
  files: readonly SharedFile[];
  readonly #node: TestNode;
  /** Each piece that was asked for, as `name/piece`, in the order in which it was first asked for; of a batch `name+name/0`. */
  readonly asked: string[] = [];
  /** Every block that was asked for, in order. */
  readonly requests: { readonly file: string; readonly piece: number; readonly begin: Bytes; readonly length: Bytes }[] = [];
  /** Files of which it sends wrong bytes. */
  readonly wrong = new Set<string>();
  /** For whom its folder is, as it says. */
  audience: Audience | null = null;
  /** Files that it does not give, and why. */
  readonly refused = new Map<string, RejectReason>();
  /** Files that it does not have, when it is asked by their content. */
  readonly lacking = new Set<string>();
  /** Files whose hashes it does not know any more. */
  readonly forgotten = new Set<string>();
  /** Listed before the files. */
  emptyFolders: readonly string[] = [];
  /** So many files are on the first page of its list; whoever asks for the next one waits. */
  firstPage = Infinity;
  #waiting: { readonly link: Link; readonly lane: number; readonly request: BlockRequest; readonly files: readonly SharedFile[] }[] = [];
  /** Open before all others, so that what is asked for first is no matter of chance. */
  readonly #first: string | null;
  #firstOpen: Promise<void> | null = null;
  /** Bytes that went out. */
  sent: Bytes = 0;
  /** So much may go out at once. */
  #allowed: Bytes = 0;

  private constructor(node: TestNode, sizes: Readonly<Record<string, number>>, first: string | null) {
    this.#node = node;
    this.#first = first;
    this.files = Object.entries(sizes).map(([name, bytes]) => sharedFile(name, bytes));
    node.handler.answer = (method, params) => this.#answer(method, params);
    node.handler.wanted = (link, lane, request) => {
      const files = (toHex(request.key).match(/.{64}/g) ?? []).map((root) => this.files.find(({ id }) => id === root) ?? null);
      const [reason] = files.flatMap((file) => (file === null ? 'gone' : this.refused.get(file.name) ?? []));
      const known = files.filter((file) => file !== null);
      const piece = `${known.map(({ name }) => name).join('+')}/${request.piece}`;
      if (!this.asked.includes(piece)) this.asked.push(piece);
      this.requests.push({ file: known.map(({ name }) => name).join('+'), piece: request.piece, begin: request.begin, length: request.length });
      if (reason !== undefined) return link.rejectBlock(lane, request.requestId, reason);
      this.#waiting.push({ link, lane, request, files: known });
      this.#send();
    };
  }

  /** `sizes`: bytes of each file of the folder `Folder`. `first`: a file of several pieces that is to be open before the others. */
  static async start(sizes: Readonly<Record<string, number>>, first: string | null = null): Promise<PatientSource> {
    return new PatientSource(await startNode('Patient'), sizes, first);
  }

  /** Another device that has the same files. */
  async twin(name: string): Promise<PatientSource> {
    const twin = new PatientSource(await startNode(name), {}, null);
    twin.files = this.files;
    return twin;
  }

  /** The second file has the same content as the first from now on. */
  copy(name: string, to: string): void {
    const like = this.files.find((file) => file.name === name);
    if (like !== undefined) this.files = this.files.map((file) => (file.name === to ? { ...like, name: to } : file));
  }

  get port(): number {
    return this.#node.port;
  }

  get address(): string {
    return `127.0.0.1:${this.#node.port}`;
  }

  /** Ends its links, as if its cable were pulled; what it was asked for is forgotten. */
  unplug(): void {
    this.#waiting = [];
    for (const link of this.#node.links.all()) link.close({ code: 'link-closed' });
  }

  /** Ends its links, and takes no other ones. */
  async leave(): Promise<void> {
    this.unplug();
    await this.#node.links.close();
  }

  /** Resolves when so many pieces or batches were asked for. */
  untilAsked(count: number): Promise<void> {
    return this.#node.handler.until(() => this.asked.length >= count);
  }

  /** Resolves when so many blocks were asked for, also the same ones again. */
  untilRequested(count: number): Promise<void> {
    return this.#node.handler.until(() => this.requests.length >= count);
  }

  /** What was asked for and joined so far does not count any more. */
  forget(): void {
    this.asked.splice(0);
    this.#node.handler.swarm.splice(0);
    this.#firstOpen = null;
  }

  /** So much more, in the order in which it was asked for; a block that is larger than what is left of it waits. */
  give(bytes: Bytes): void {
    this.#allowed += bytes;
    this.#send();
  }

  /** From now on everything that is asked for. */
  giveAll(): void {
    this.give(Infinity);
  }

  /** Resolves when these files are open at whoever fetches them: their swarms were joined. */
  untilOpen(...names: readonly string[]): Promise<void> {
    const { handler } = this.#node;
    const roots = names.map((name) => this.files.find((file) => file.name === name)?.id);
    return handler.until(() => roots.every((root) => handler.swarm.some((told) => 'joined' in told && told.joined === root)));
  }

  #send(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || next.request.length > this.#allowed) return;
      this.#waiting.shift();
      const { link, lane, request: { requestId, piece, begin, length }, files } = next;
      if (link.isClosed) continue;
      this.#allowed -= length;
      this.sent += length;
      const at = piece * MiB + begin;
      const data = Buffer.concat(files.map((file) => (this.wrong.has(file.name) ? randomBytes(file.data.length) : file.data)));
      void link.sendBlock(lane, requestId, new Uint8Array(data.subarray(at, at + length)), null).catch(() => undefined);
    }
  }

  /** A file of the folder has another content from now on. */
  change(name: string, bytes: Bytes): void {
    this.files = this.files.map((file) => (file.name === name ? sharedFile(name, bytes) : file));
  }

  async #layerOf(file: SharedFile | undefined): Promise<unknown> {
    if (file === undefined || this.forgotten.has(file.name)) throw new AppError('content-unknown');
    if (this.#first !== null && file.name !== this.#first) await (this.#firstOpen ??= this.untilOpen(this.#first));
    return { hashes: Buffer.from(file.layer).toString('base64') };
  }

  #resolve(file: SharedFile | undefined): Promise<unknown> {
    return file === undefined ? Promise.reject(new AppError('content-unknown')) : Promise.resolve({ kind: 'file', name: file.name, bytes: file.data.length, files: 1 });
  }

  #entryAt(path: string): object {
    const file = this.files.find(({ name }) => path === `Folder/${name}`);
    if (file !== undefined) return { name: file.name, kind: 'file', bytes: file.data.length, files: 1, modifiedAt: 1, contentId: file.id };
    return { name: 'Folder', kind: 'folder', bytes: 0, files: this.files.length, modifiedAt: 1, contentId: null };
  }

  #page(cursor: string | undefined): Promise<unknown> {
    if (cursor !== undefined) return new Promise(() => undefined);
    const files = this.files.slice(0, this.firstPage).map(({ name, data, id }) => ({ path: name, kind: 'file', bytes: data.length, modifiedAt: 1, executable: false, contentId: id }));
    const folders = this.emptyFolders.map((path) => ({ path, kind: 'folder', bytes: 0, modifiedAt: 1, executable: false, contentId: null }));
    return Promise.resolve({ files: [...folders, ...files], next: files.length < this.files.length ? 'the rest' : null });
  }

  #answer(method: string, params: unknown): Promise<unknown> {
    const wanted = JSON.stringify(params);
    switch (method) {
      case 'stat': return Promise.resolve({ entry: this.#entryAt(z.object({ path: z.string() }).parse(params).path), executable: false });
      case 'walk': return this.#page(z.object({ cursor: z.string().optional() }).parse(params).cursor);
      case 'layer': return this.#layerOf(this.files.find(({ id }) => wanted.includes(id)));
      case 'have': return Promise.resolve({ have: z.object({ contentIds: z.array(z.string()) }).parse(params).contentIds.map((wantedId) => (this.files.some(({ id, name }) => id === wantedId && !this.lacking.has(name)) ? 'f' : '-')).join('') });
      case 'resolve': return this.#resolve(this.files.find(({ id }) => wanted.includes(id)));
      case 'audience': return Promise.resolve({ audience: this.audience });
      case 'shares': return Promise.resolve({ names: [], count: 0, bytes: 0 });
      default: return Promise.reject(new Error(`not asked for here: ${method}`));
    }
  }
}

function sharedFile(name: string, bytes: number): SharedFile {
  const data = randomBytes(bytes);
  const merkle = new Merkle(sha256);
  const pieces = Math.ceil(bytes / MiB);
  const layer = new Uint8Array(pieces * 32);
  for (let piece = 0; piece < pieces; piece++) merkle.pieceHash(data.subarray(piece * MiB, (piece + 1) * MiB), MiB, pieces === 1, layer, piece * 32);
  return { name, data, id: contentIdOf(pieces === 1 ? layer : merkle.rootOfLayer(layer, MiB)), layer };
}
