import type { ContentId, DeviceId } from '#shared/ids.ts';
import type { Entry, RoomTag } from '#shared/protocol/bootstrap.ts';
import type { Bytes, Millis } from '#shared/units.ts';

/** What servers that share a state know of a node besides its entries. */
export interface KnownNode {
  readonly deviceId: DeviceId;
  readonly addresses: readonly string[];
  readonly rooms: readonly RoomTag[];
  readonly outside: string;
  readonly revision: string | null;
}

/** What is kept of a node besides its entries. */
export interface StoredNode extends KnownNode {
  /** Tells apart what a device announced before and after it forgot everything; never used twice by one server. */
  readonly serial: number;
}

/** When a node was heard of that another server hears. */
export const heardElsewhere: Millis = Infinity;

/** One content under one name, and who announced it so. Listings of one content are a chain. */
export interface Listing {
  readonly contentId: ContentId;
  readonly kind: 'file' | 'folder';
  readonly name: string;
  readonly bytes: Bytes;
  /** In the index. */
  readonly number: number;
  readonly holders: NodeRecord[];
  /** How many of the holders have not all of it. */
  leechers: number;
  next: Listing | null;
}

const noListings: ReadonlyMap<ContentId, Listing> = new Map();

/** One registered device. When it is `gone` it only waits until its entries are taken out of the index. */
export class NodeRecord implements StoredNode {
  readonly deviceId: DeviceId;
  readonly serial: number;
  addresses: readonly string[] = [];
  rooms: readonly RoomTag[] = [];
  outside = '';
  /** Of `outside`, as limits count it. */
  network = '';
  revision: string | null = null;
  /** Or `heardElsewhere`. */
  heardAt: Millis;
  gone = false;
  /** Made with the first entry: most nodes share nothing with everybody. */
  #listings: Map<ContentId, Listing> | null = null;
  /** In percent, of what it has not all of: most nodes have all of all they announce. */
  #partial: Map<ContentId, number> | null = null;

  constructor(deviceId: DeviceId, serial: number, now: Millis) {
    this.deviceId = deviceId;
    this.serial = serial;
    this.heardAt = now;
  }

  get listings(): ReadonlyMap<ContentId, Listing> {
    return this.#listings ?? noListings;
  }

  get entries(): number {
    return this.#listings?.size ?? 0;
  }

  list(listing: Listing, have: number): void {
    (this.#listings ??= new Map()).set(listing.contentId, listing);
    if (have < 100) (this.#partial ??= new Map()).set(listing.contentId, have);
  }

  unlist(contentId: ContentId): void {
    this.#listings?.delete(contentId);
    this.#partial?.delete(contentId);
    if (this.#partial?.size === 0) this.#partial = null;
  }

  /** Percent of an announced content. */
  have(contentId: ContentId): number {
    return this.#partial?.get(contentId) ?? 100;
  }

  /** What it announced, as it would announce it again. */
  entryOf({ contentId, kind, name, bytes }: Listing): Entry {
    const have = this.have(contentId);
    return { contentId, kind, name, bytes, ...(have < 100 ? { have } : {}) };
  }
}
