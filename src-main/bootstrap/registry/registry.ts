import type { ContentId, DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { BootstrapNode, EntriesRequest, Entry, RoomTag, SearchRequest } from '#shared/protocol/bootstrap.ts';
import type { BootstrapAnswer } from '#shared/protocol/bootstrap-routes.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import type { Millis } from '#shared/units.ts';
import { Contents, sameEntry } from './contents.ts';
import { networkOf } from './network-of.ts';
import { Networks } from './networks.ts';
import { heardElsewhere, NodeRecord, type KnownNode, type StoredNode } from './node-record.ts';
import { Rooms } from './rooms.ts';
import { searchContents } from './search.ts';

export interface RegistryLimits {
  readonly silenceMs: Millis;
  readonly nodes: number;
  readonly nodesPerNetwork: number;
  readonly entries: number;
  readonly entriesPerNode: number;
  readonly entriesPerNetwork: number;
}

/** Who keeps and tells what changes. Called while it changes; must not call the registry back. */
export interface RegistryOut {
  /** Something of the node is new. `rooms`: whose members can see that; none when it only concerns the node itself. */
  nodeChanged(node: NodeRecord, rooms: readonly RoomTag[]): void;
  nodeGone(node: NodeRecord): void;
  entryAdded(node: NodeRecord, entry: Entry): void;
  entryRemoved(node: NodeRecord, contentId: ContentId): void;
}

/**
 * Who is there, in which rooms, and what they share with everybody. Nothing in it waits, and no call takes long: a node that
 * goes is not to be seen from that moment on, but its entries are taken out of the index by `sweep`, some at a time.
 */
export class Registry {
  readonly #limits: RegistryLimits;
  readonly #out: RegistryOut;
  readonly #nodes = new Map<DeviceId, NodeRecord>();
  readonly #rooms = new Rooms();
  readonly #contents = new Contents();
  readonly #networks = new Networks();
  /** Gone, with entries still in the index. */
  readonly #graves: NodeRecord[] = [];
  #entries = 0;
  #nextSerial = 1;
  #turn = 0;
  #heartbeats = 0;

  constructor(bounds: RegistryLimits, out: RegistryOut) {
    this.#limits = bounds;
    this.#out = out;
  }

  get counts(): { nodes: number; rooms: number; entries: number; contents: number; names: number; tokens: number } {
    return { nodes: this.#nodes.size, rooms: this.#rooms.size, entries: this.#entries, ...this.#contents.counts };
  }

  /** Heard since the start, by whatever way. */
  get heartbeats(): number {
    return this.#heartbeats;
  }

  get contents(): Contents {
    return this.#contents;
  }

  node(deviceId: DeviceId): NodeRecord | undefined {
    return this.#nodes.get(deviceId);
  }

  nodes(): IterableIterator<NodeRecord> {
    return this.#nodes.values();
  }

  members(room: RoomTag): readonly NodeRecord[] {
    return this.#rooms.members(room);
  }

  /** `outside` is the address that the node comes from. Throws `server-full`, `too-many`. */
  register(now: Millis, deviceId: DeviceId, { addresses, rooms, outside }: { readonly addresses: readonly string[]; readonly rooms: readonly RoomTag[]; readonly outside: string }): NodeRecord {
    const wanted = [...new Set(rooms)];
    const known = this.#nodes.get(deviceId);
    for (const room of wanted) {
      if (this.#rooms.members(room).length >= limits.bootstrap.nodesPerRoom && known?.rooms.includes(room) !== true) throw new BootstrapError('too-many', { detail: 'the room is full' });
    }
    if (known === undefined && this.#nodes.size >= this.#limits.nodes) throw new BootstrapError('server-full');
    if (known?.outside !== outside && this.#networks.of(networkOf(outside)).nodes >= this.#limits.nodesPerNetwork) throw new BootstrapError('too-many', { detail: 'devices at one address' });
    const node = known ?? this.#enter(new NodeRecord(deviceId, this.#nextSerial++, now), outside);
    node.heardAt = now;
    const concerned = this.#settle(node, addresses, wanted, outside);
    if (concerned !== null || known === undefined) this.#out.nodeChanged(node, concerned ?? []);
    return node;
  }

  /** `outside`: where it is heard from; null when that is no news. Throws `not-registered`. */
  heartbeat(now: Millis, deviceId: DeviceId, outside: string | null): NodeRecord {
    const node = this.#registered(deviceId);
    node.heardAt = now;
    this.#heartbeats++;
    // It has got another address meanwhile. When there are too many of them at that one, the old one is kept.
    if (outside !== null && node.outside !== outside && this.#networks.of(networkOf(outside)).nodes < this.#limits.nodesPerNetwork) {
      this.#move(node, outside);
      this.#out.nodeChanged(node, node.rooms);
    }
    return node;
  }

  unregister(deviceId: DeviceId): boolean {
    const node = this.#nodes.get(deviceId);
    if (node === undefined) return false;
    this.#drop(node);
    return true;
  }

  /** All or nothing. Throws `not-registered`, `too-many`, `server-full`. */
  announce(deviceId: DeviceId, { reset, add, remove, base, revision }: EntriesRequest): NodeRecord {
    let node = this.#registered(deviceId);
    const kept = reset ? 0 : node.entries - remove.filter((contentId) => node.listings.has(contentId)).length;
    const added = reset ? add.length : add.filter(({ contentId }) => !node.listings.has(contentId)).length;
    const more = kept + added - node.entries;
    if (kept + added > this.#limits.entriesPerNode) throw new BootstrapError('too-many', { detail: `${this.#limits.entriesPerNode} entries` });
    if (more > 0 && this.#networks.of(node.network).entries + more > this.#limits.entriesPerNetwork) throw new BootstrapError('too-many', { detail: 'entries of devices at one address' });
    if (added > 0 && this.#entries + added > this.#limits.entries) throw new BootstrapError('server-full');
    const isBase = reset || base === undefined || base === node.revision;
    if (reset) node = this.#supersede(node);
    for (const contentId of remove) {
      const listing = node.listings.get(contentId);
      if (listing !== undefined) this.#remove(node, listing.contentId);
    }
    for (const entry of add) this.#add(node, entry);
    node.revision = isBase ? revision : null;
    this.#out.nodeChanged(node, []);
    return node;
  }

  /** A page of the room's nodes, without the one who asks. Throws `not-your-room`. */
  roomNodes(deviceId: DeviceId, room: RoomTag, after: DeviceId | undefined): BootstrapAnswer<'roomNodes'> {
    if (this.#nodes.get(deviceId)?.rooms.includes(room) !== true) throw new BootstrapError('not-your-room');
    const page = limits.bootstrap.nodesPerPage;
    const members = after === undefined ? this.#rooms.members(room).slice(0, page + 1) : this.#rooms.after(room, after, page + 1);
    const nodes = members.slice(0, page);
    return {
      nodes: nodes.filter((node) => node.deviceId !== deviceId).map(publicNode),
      next: members.length > page ? nodes.at(-1)?.deviceId ?? null : null,
    };
  }

  holders(contentId: ContentId): { holders: BootstrapNode[]; truncated: boolean } {
    const all: NodeRecord[] = [];
    for (let listing = this.#contents.chain(contentId); listing !== null; listing = listing.next) for (const node of listing.holders) if (!node.gone) all.push(node);
    const most = limits.bootstrap.holdersPerContent;
    if (all.length <= most) return { holders: all.map(publicNode), truncated: false };
    // Everybody begins somewhere else, so that not all who want it go to the same few.
    this.#turn = (this.#turn + most) % all.length;
    return { holders: [...all.slice(this.#turn), ...all.slice(0, this.#turn)].slice(0, most).map(publicNode), truncated: true };
  }

  search(request: SearchRequest): BootstrapAnswer<'search'> {
    return searchContents(this.#contents, request);
  }

  /** A node as another server knows it. `anew`: what it announced before is forgotten. Null when there is no more room. */
  adopt({ deviceId, addresses, rooms, outside, revision }: KnownNode, anew: boolean): NodeRecord | null {
    const known = this.#nodes.get(deviceId);
    if (known === undefined && this.#nodes.size >= this.#limits.nodes) return null;
    const node = known === undefined ? this.#enter(new NodeRecord(deviceId, this.#nextSerial++, heardElsewhere), outside) : anew && known.entries > 0 ? this.#supersede(known) : known;
    node.revision = revision;
    this.#out.nodeChanged(node, this.#settle(node, addresses, rooms, outside) ?? []);
    return node;
  }

  /** Entries as another server knows them; what there is no room for is left out. */
  adoptEntries(node: NodeRecord, add: readonly Entry[], remove: readonly ContentId[]): void {
    for (const contentId of remove) this.#remove(node, contentId);
    for (const entry of add) if (!node.gone && (this.#entries < this.#limits.entries || node.listings.has(entry.contentId))) this.#add(node, entry);
  }

  /** Whoever has not been heard of for long is heard of by another server, as far as we can tell now. */
  trustOthers(now: Millis): void {
    for (const node of this.#nodes.values()) if (now - node.heardAt > this.#limits.silenceMs) node.heardAt = heardElsewhere;
  }

  /** Forgets who was silent for too long, at most so many at a time; answers with how many. */
  expire(now: Millis, most: number): number {
    let expired = 0;
    for (const node of this.#nodes.values()) {
      if (now - node.heardAt <= this.#limits.silenceMs) continue;
      if (expired === most) break;
      this.#drop(node);
      expired++;
    }
    return expired;
  }

  /** Takes at most `budget` entries of gone nodes out of the index; true while there are more. */
  sweep(budget: number): boolean {
    for (let left = budget; ;) {
      const node = this.#graves.at(-1);
      if (node === undefined) return false;
      for (const contentId of node.listings.keys()) {
        if (left-- <= 0) return true;
        this.#remove(node, contentId);
      }
      this.#graves.pop();
    }
  }

  /** A node as a store kept it; it gets a full period to be heard of. Null when there is no more room. */
  restore(now: Millis, stored: StoredNode): NodeRecord | null {
    this.#nextSerial = Math.max(this.#nextSerial, stored.serial + 1);
    if (this.#nodes.size >= this.#limits.nodes || this.#nodes.has(stored.deviceId)) return null;
    const node = this.#enter(new NodeRecord(stored.deviceId, stored.serial, now), stored.outside);
    const { addresses, rooms, revision } = stored;
    Object.assign(node, { addresses, rooms, revision });
    for (const room of rooms) this.#rooms.add(room, node);
    return node;
  }

  /** False when the node has gone meanwhile, or there is no more room; then the node will read that it has to announce again. */
  restoreEntry(node: NodeRecord, entry: Entry): boolean {
    if (node.gone || this.#entries >= this.#limits.entries || node.entries >= this.#limits.entriesPerNode || node.listings.has(entry.contentId)) {
      node.revision = null;
      return false;
    }
    this.#contents.add(node, entry);
    this.#count(node, 1);
    return true;
  }

  /** What is here of entries may not be all: every node will read that it has to announce again. */
  doubtEntries(): void {
    for (const node of this.#nodes.values()) node.revision = null;
  }

  #registered(deviceId: DeviceId): NodeRecord {
    const node = this.#nodes.get(deviceId);
    if (node === undefined) throw new BootstrapError('not-registered');
    return node;
  }

  #enter(node: NodeRecord, outside: string): NodeRecord {
    this.#nodes.set(node.deviceId, node);
    node.outside = outside;
    node.network = networkOf(outside);
    this.#networks.add(node.network, 1, 0);
    return node;
  }

  /** Answers with the rooms whose members can see that something changed; null when nothing did. */
  #settle(node: NodeRecord, addresses: readonly string[], rooms: readonly RoomTag[], outside: string): RoomTag[] | null {
    const left = node.rooms.filter((room) => !rooms.includes(room));
    if (left.length === 0 && rooms.length === node.rooms.length && node.outside === outside && sameTexts(node.addresses, addresses)) return null;
    for (const room of left) this.#rooms.remove(room, node);
    for (const room of rooms) if (!node.rooms.includes(room)) this.#rooms.add(room, node);
    this.#move(node, outside);
    node.addresses = addresses;
    node.rooms = rooms;
    return [...rooms, ...left];
  }

  #move(node: NodeRecord, outside: string): void {
    this.#networks.add(node.network, -1, -node.entries);
    node.outside = outside;
    node.network = networkOf(outside);
    this.#networks.add(node.network, 1, node.entries);
  }

  #drop(node: NodeRecord): void {
    this.#nodes.delete(node.deviceId);
    for (const room of node.rooms) this.#rooms.remove(room, node);
    this.#networks.add(node.network, -1, 0);
    this.#bury(node);
    this.#out.nodeGone(node);
  }

  /** The same node without entries, under another serial: a list of any length is forgotten at once. */
  #supersede(old: NodeRecord): NodeRecord {
    const { deviceId, heardAt, addresses, rooms, outside, network } = old;
    const node = new NodeRecord(deviceId, this.#nextSerial++, heardAt);
    Object.assign(node, { addresses, rooms, outside, network });
    for (const room of rooms) {
      this.#rooms.remove(room, old);
      this.#rooms.add(room, node);
    }
    this.#nodes.set(deviceId, node);
    this.#bury(old);
    return node;
  }

  #bury(node: NodeRecord): void {
    node.gone = true;
    if (node.entries > 0) this.#graves.push(node);
  }

  #add(node: NodeRecord, entry: Entry): void {
    const known = node.listings.get(entry.contentId);
    if (known !== undefined && sameEntry(known, entry) && node.have(entry.contentId) === (entry.have ?? 100)) return;
    if (known !== undefined) this.#remove(node, known.contentId);
    this.#contents.add(node, entry);
    this.#count(node, 1);
    this.#out.entryAdded(node, entry);
  }

  #remove(node: NodeRecord, contentId: ContentId): void {
    const listing = node.listings.get(contentId);
    if (listing === undefined) return;
    this.#contents.remove(node, listing);
    this.#count(node, -1);
    this.#out.entryRemoved(node, contentId);
  }

  #count(node: NodeRecord, entries: number): void {
    this.#entries += entries;
    this.#networks.add(node.network, 0, entries);
  }
}

const sameTexts = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((text, at) => text === other[at]);

const publicNode = ({ deviceId, addresses, outside }: NodeRecord): BootstrapNode => ({ deviceId, addresses: [...addresses], outside });
