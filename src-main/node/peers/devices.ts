import { createHash } from 'node:crypto';
import { formatAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { findPeer, findPeerToAsk } from '#shared/find-named.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { PeerLimits } from '#shared/model/limit.ts';
import type { Peer, PeerSource, Trust } from '#shared/model/peer.ts';
import type { Timestamp } from '#shared/units.ts';
import { LatestRows } from '../../disk/store/latest-rows.ts';
import type { Store } from '../../disk/store/store.ts';
import type { Viewer } from '../ports/library.ts';
import type { Link, Links } from '../ports/links.ts';
import { devicesTable, type DeviceRecord } from './device-records.ts';

const noLimits: PeerLimits = { down: 'off', up: 'off' };

export interface SharesSummary {
  readonly names: readonly string[];
  readonly count: number;
  readonly bytes: number;
}

export interface DevicesPorts {
  readonly store: Pick<Store, 'put' | 'delete' | 'rows' | 'sync'>;
  readonly links: () => Links;
  readonly now: () => Timestamp;
  /** Ways in which a device was found. */
  readonly sourcesOf: (id: DeviceId) => readonly { source: PeerSource; address: string; lastSeen: Timestamp }[];
  /** Rooms that a device has proven on a link to be in. */
  readonly roomsOf: (link: Link) => ReadonlySet<string>;
  /** Wrong pieces it sent lately. */
  readonly badPiecesOf: (id: DeviceId) => Peer['badPieces'];
  readonly onChange: (peer: Peer) => void;
  readonly onGone: (id: DeviceId) => void;
}

/** The people around: who they are, how far they are trusted, and whether they are here now. */
export class Devices {
  readonly #ports: DevicesPorts;
  readonly #records = new Map<DeviceId, DeviceRecord>();
  readonly #rows: LatestRows<DeviceRecord>;
  readonly #shares = new Map<DeviceId, SharesSummary>();

  constructor(ports: DevicesPorts) {
    this.#ports = ports;
    this.#rows = new LatestRows(ports.store, devicesTable);
  }

  async open(): Promise<void> {
    for (const [, record] of await this.#ports.store.rows(devicesTable)) this.#records.set(record.id, record);
  }

  list(): Peer[] {
    return [...this.#records.values()].map((record) => this.#view(record));
  }

  get(id: DeviceId): Peer | undefined {
    const record = this.#records.get(id);
    return record === undefined ? undefined : this.#view(record);
  }

  /** A device by id, unique beginning of an id, name, or, of those the user trusts, a part of it that fits no other. Throws `peer-unknown` or `ambiguous`. */
  find(text: string): Peer {
    return this.#known(findPeer(this.#here(), text).id);
  }

  /** As `find`, where nothing is given: a part of a stranger's name is enough, too. */
  findToAsk(text: string): Peer {
    return this.#known(findPeerToAsk(this.#here(), text).id);
  }

  /** The link to a device that a person named. Rejects with `peer-offline` when there is none, `blocked` when the user blocked it. */
  linkOf(text: string): Link {
    const peer = this.find(text);
    if (peer.trust === 'blocked') throw new AppError('blocked', { name: peer.name });
    const link = this.#ports.links().get(peer.id);
    if (link === undefined) throw new AppError('peer-offline', { name: peer.name });
    return link;
  }

  trustOf(id: DeviceId): Trust {
    return this.#records.get(id)?.trust ?? 'seen';
  }

  isBlocked(id: DeviceId): boolean {
    return this.trustOf(id) === 'blocked';
  }

  acceptsByItself(id: DeviceId): boolean {
    return this.#records.get(id)?.autoAccept ?? false;
  }

  viewerOf(link: Link): Viewer {
    return { kind: 'device', id: link.remote.id, trust: this.trustOf(link.remote.id), path: link.path, rooms: this.#ports.roomsOf(link) };
  }

  async linkUp(link: Pick<Link, 'remote'>): Promise<void> {
    const { id, name, platform, version } = link.remote;
    const known = this.#records.get(id);
    await this.#save({ trust: 'seen', autoAccept: false, ...known, id, name, platform, version, lastSeen: this.#ports.now() });
  }

  async linkDown(id: DeviceId): Promise<void> {
    this.#shares.delete(id);
    const known = this.#records.get(id);
    if (known !== undefined) await this.#save({ ...known, lastSeen: this.#ports.now() });
    await this.#forgetStrangers();
  }

  async renamed(id: DeviceId, name: string): Promise<void> {
    const known = this.#records.get(id);
    if (known !== undefined) await this.#save({ ...known, name });
  }

  noteShares(id: DeviceId, shares: SharesSummary): void {
    this.#shares.set(id, shares);
    this.touch(id);
  }

  /** Something that is shown of it has changed. */
  touch(id: DeviceId): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#ports.onChange(this.#view(record));
  }

  async setTrust(text: string, trust: Trust): Promise<Peer> {
    const peer = this.find(text);
    const record = this.#records.get(peer.id);
    if (record === undefined) throw new AppError('peer-unknown', { name: text });
    // Whoever is not paired is asked for again: an automatic yes belongs to a device one trusts.
    await this.#save({ ...record, trust, autoAccept: trust === 'paired' ? record.autoAccept : false });
    await this.#ports.store.sync();
    return this.#known(peer.id);
  }

  async setAutoAccept(text: string, autoAccept: boolean): Promise<Peer> {
    const peer = this.find(text);
    const record = this.#records.get(peer.id);
    if (record === undefined || record.trust === 'blocked') throw new AppError('peer-unknown', { name: text });
    await this.#save({ ...record, autoAccept });
    await this.#ports.store.sync();
    return this.#known(peer.id);
  }

  limitsOf(id: DeviceId): PeerLimits {
    return this.#records.get(id)?.limits ?? noLimits;
  }

  async setLimits(text: string, change: Partial<PeerLimits>): Promise<Peer> {
    const peer = this.find(text);
    const record = this.#records.get(peer.id);
    if (record === undefined) throw new AppError('peer-unknown', { name: text });
    const { limits = noLimits, ...others } = record;
    const { down = limits.down, up = limits.up } = change;
    await this.#save(down === 'off' && up === 'off' ? others : { ...others, limits: { down, up } });
    return this.#known(peer.id);
  }

  async forget(text: string): Promise<DeviceId> {
    const { id } = this.find(text);
    await this.#forget(id);
    return id;
  }

  async #forget(id: DeviceId): Promise<void> {
    this.#records.delete(id);
    await this.#rows.put(id, null);
    this.#ports.onGone(id);
  }

  /** A new identity costs nothing: those who only came by, the longest ago, make room for others. */
  async #forgetStrangers(): Promise<void> {
    if (this.#records.size <= limits.peers.strangersKept) return;
    const strangers = [...this.#records.values()].filter(({ id, trust, autoAccept, limits: own }) => trust === 'seen' && !autoAccept && own === undefined && this.#ports.links().get(id) === undefined);
    const tooMany = strangers.toSorted((a, b) => a.lastSeen - b.lastSeen).slice(0, Math.max(0, strangers.length - limits.peers.strangersKept));
    await Promise.all(tooMany.map(({ id }) => this.#forget(id)));
  }

  #here(): Pick<Peer, 'id' | 'name' | 'trust' | 'online'>[] {
    return [...this.#records.values()].map(({ id, name, trust }) => ({ id, name, trust, online: this.#ports.links().get(id) !== undefined }));
  }

  #known(id: DeviceId): Peer {
    const peer = this.get(id);
    if (peer === undefined) throw new AppError('peer-unknown', { name: id });
    return peer;
  }

  async #save(record: DeviceRecord): Promise<void> {
    this.#records.set(record.id, record);
    this.#ports.onChange(this.#view(record));
    await this.#rows.put(record.id, record);
  }

  #view(record: DeviceRecord): Peer {
    const link = this.#ports.links().get(record.id);
    const shares = this.#shares.get(record.id);
    return {
      id: record.id,
      name: record.name,
      avatarSeed: avatarSeed(record.id),
      platform: record.platform,
      online: link !== undefined,
      trust: record.trust,
      autoAccept: record.autoAccept,
      sources: [...this.#ports.sourcesOf(record.id)],
      address: link === undefined ? null : formatAddress(link.address),
      path: link?.path ?? null,
      ...(link === undefined || link.vpn === null ? {} : { vpn: link.vpn }),
      ...(link === undefined || link.relay === null ? {} : { relay: link.relay }),
      latencyMs: link?.latencyMs ?? null,
      lastSeen: link === undefined ? record.lastSeen : this.#ports.now(),
      shares: { names: [...(shares?.names ?? [])], count: shares?.count ?? 0, bytes: shares?.bytes ?? 0 },
      downRate: link?.rates.down ?? 0,
      upRate: link?.rates.up ?? 0,
      version: record.version,
      ...(record.limits === undefined ? {} : { limits: record.limits }),
      badPieces: this.#ports.badPiecesOf(record.id),
    };
  }
}

export const avatarSeed = (id: DeviceId): string => createHash('sha256').update(id).digest('hex');
