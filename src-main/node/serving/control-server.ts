import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Audience, Entry, Share } from '#shared/model/share.ts';
import type { ControlMethod, ControlParams, ControlResult, WireEntry } from '#shared/protocol/control.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { hashBytes } from '../../core/content/merkle.ts';
import type { Excuse } from '../../core/pace/facts.ts';
import { Allowances } from '../../core/rate/allowances.ts';
import type { Offers } from '../offers/offers.ts';
import type { PairingService } from '../peers/pairing.ts';
import type { FileRef, Library, Viewer } from '../ports/library.ts';
import type { Link } from '../ports/links.ts';
import type { FetchedSmallFiles } from '../transfers/passing-on/fetched-small-files.ts';
import type { SharedDownloads } from '../transfers/passing-on/shared-downloads.ts';
import type { BlockServer } from './block-server.ts';
import { Lookups } from './lookups.ts';
import { ProbeAnswers } from './probe-answers.ts';
import { findSettled } from './settled-file.ts';

export interface ControlServerPorts {
  readonly library: Library;
  readonly offers: Offers;
  readonly pairing: PairingService;
  readonly blocks: BlockServer;
  readonly fetched: SharedDownloads;
  readonly fetchedSmall: FetchedSmallFiles;
  readonly excuse: (id: DeviceId) => Excuse;
  readonly viewerOf: (link: Link) => Viewer;
  readonly now: () => Timestamp;
  readonly pause: (ms: Millis) => Promise<void>;
}

type Answers = { readonly [Method in ControlMethod]: (link: Link, params: ControlParams<Method>) => Promise<ControlResult<Method>> };

const forWire = ({ name, kind, bytes, files, modifiedAt, contentId }: Entry): WireEntry => ({ name, kind, bytes, files, modifiedAt, contentId });
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** Only we know whom we paired with, so nobody else can keep to it: such a share is passed on by us alone. */
const passedOn = (audience: Audience): Audience | null => (audience.kind === 'devices' && audience.devices.length === 0 ? null : audience);

/** Answers what other devices ask. Every answer goes through the library's or the offers' own check of who asks. */
export class ControlServer {
  readonly #ports: ControlServerPorts;
  readonly #lookups: Lookups;
  readonly #searches = new Allowances(limits.search.perSecond, limits.search.burst, limits.search.askers);
  readonly #probes: ProbeAnswers;

  constructor(ports: ControlServerPorts) {
    this.#ports = ports;
    this.#lookups = new Lookups(ports);
    this.#probes = new ProbeAnswers(ports.now);
  }

  async answer<Method extends ControlMethod>(link: Link, method: Method, params: ControlParams<Method>): Promise<ControlResult<Method>> {
    return this.#answers[method](link, params);
  }

  /** The share in which something lies that the viewer may see; null when no such content does. Rejects with `not-found`. */
  async #shareOf(viewer: Viewer, asked: ControlParams<'audience'>): Promise<Share | null> {
    const { library } = this.#ports;
    if ('path' in asked) {
      await library.stat(viewer, asked.path);
      return library.shareAt(viewer, asked.path);
    }
    const file = await library.findFile(viewer, asked.contentId);
    return file?.share == null ? null : library.share(file.share);
  }

  readonly #answers: Answers = {
    shares: async (link) => {
      const { entries, total } = await this.#ports.library.browse(this.#ports.viewerOf(link), '', undefined, limits.browse.entriesPerPage);
      return { names: entries.slice(0, 3).map(({ name }) => name), count: total, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
    browse: async (link, { path, cursor, limit }) => {
      const { entries, total, next } = await this.#ports.library.browse(this.#ports.viewerOf(link), path, cursor, limit);
      return { entries: entries.map(forWire), total, next };
    },
    stat: async (link, { path }) => {
      const { library, offers } = this.#ports;
      if (offers.isOfferPath(path)) {
        const file = await offers.openFile(link, path);
        return { entry: { name: path.slice(path.lastIndexOf('/') + 1), kind: 'file', bytes: file.bytes, files: 1, modifiedAt: file.modifiedAt, contentId: null }, executable: file.executable };
      }
      const { entry, file } = await library.stat(this.#ports.viewerOf(link), path);
      return { entry: forWire(entry), executable: file?.executable ?? false };
    },
    walk: async (link, { path, cursor, limit }) => {
      if (this.#ports.offers.isOfferPath(path)) return this.#ports.offers.walk(link, path, cursor, limit);
      // A list that still grows would make a download that looks complete and is not: whoever may see it tries again soon.
      const isGrowing = (await this.#ports.library.shareAt(this.#ports.viewerOf(link), path)).state === 'scanning';
      const { entries, next } = await this.#ports.library.walk(this.#ports.viewerOf(link), path, cursor, limit);
      if (isGrowing) throw new AppError('timeout');
      return { files: entries.map(({ path: at, entry, executable }) => ({ path: at, kind: entry.kind, bytes: entry.bytes, modifiedAt: entry.modifiedAt, executable, contentId: entry.contentId })), next };
    },
    search: async (link, { words, filter }) => {
      if (this.#searches.take(this.#ports.now(), link.remote.id, 1) > 0) throw new AppError('rate-limited');
      const { hits, truncated } = await this.#ports.library.search(this.#ports.viewerOf(link), words, filter);
      return { hits: [...hits], truncated };
    },
    have: async (link, { contentIds }) => ({ have: await this.#lookups.have(link, () => this.#ports.viewerOf(link), contentIds) }),
    audience: async (link, asked) => {
      if ('path' in asked && this.#ports.offers.isOfferPath(asked.path)) return { audience: null };
      const share = await this.#shareOf(this.#ports.viewerOf(link), asked);
      return { audience: share === null ? null : passedOn(share.audience) };
    },
    resolve: async (link, { contentId }) => {
      const viewer = this.#ports.viewerOf(link);
      const found = (await this.#ports.library.resolve(viewer, contentId)) ?? this.#ports.fetched.resolve(viewer, contentId) ?? (await this.#ports.fetchedSmall.resolve(viewer, contentId));
      if (found === null) throw new AppError('content-unknown', { name: contentId });
      return found;
    },
    manifest: async (link, { contentId, page }) => {
      const part = await this.#ports.library.manifest(this.#ports.viewerOf(link), contentId, page);
      if (part === null) throw new AppError('content-unknown', { name: contentId });
      return { bytes: base64(part.bytes), attributes: base64(part.attributes) };
    },
    layer: async (link, { contentId, first, count }) => {
      const layer = (await this.#ports.library.pieceLayer(this.#ports.viewerOf(link), contentId)) ?? this.#ports.fetched.layer(this.#ports.viewerOf(link), contentId) ?? (await this.#ports.blocks.layerOf(link, contentId));
      if (layer === null || (first + count) * hashBytes > layer.length) throw new AppError('content-unknown', { name: contentId });
      return { hashes: base64(layer.subarray(first * hashBytes, (first + count) * hashBytes)) };
    },
    open: async (link, { path }) => {
      const { library, offers, blocks } = this.#ports;
      const find = async (): Promise<FileRef> => {
        const file = offers.isOfferPath(path) ? await offers.openFile(link, path) : (await library.stat(this.#ports.viewerOf(link), path)).file;
        if (file === null) throw new AppError('not-found', { name: path });
        return file;
      };
      const file = await findSettled(find, this.#ports);
      const { bytes, modifiedAt, executable, contentId } = file;
      if (contentId !== null) return { key: contentId, bytes, modifiedAt, executable, contentId };
      return { key: blocks.provisional.open(link, file, find).key, bytes, modifiedAt, executable, contentId: null };
    },
    rootOf: async (link, { key }) => ({ contentId: await this.#ports.blocks.rootOf(link, key) }),
    pace: async (link) => Promise.resolve({ by: this.#ports.excuse(link.remote.id) }),
    probe: async (link, { bytes }) => Promise.resolve(this.#probes.answer(link.remote.id, bytes)),
    offer: (link, params) => this.#ports.offers.asked(link, params),
    pairCommit: async (link, { commitment }) => Promise.resolve(this.#ports.pairing.committed(link, commitment)),
    pairReveal: async (link, { nonce }) => Promise.resolve(this.#ports.pairing.revealed(link, nonce)),
  };
}

