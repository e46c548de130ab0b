import { createHmac, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { formatAddress, parseAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { findMember, findRoom } from '#shared/find-named.ts';
import type { DeviceId, RoomId } from '#shared/ids.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { limits } from '#shared/limits.ts';
import type { Invitation, Room, RoomEnd } from '#shared/model/room.ts';
import type { Audience } from '#shared/model/share.ts';
import type { RoomNotice } from '#shared/protocol/room.ts';
import { invitationLink, readInvitation } from '#shared/room-invitation.ts';
import { roomSecretBytes, unknownWords, wordsOfSecret, type RoomSecret } from '#shared/room-words.ts';
import { day, second } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import type { MemberAddress, RoomSink } from '../../core/room/room-events.ts';
import { RoomMachine } from '../../core/room/room-machine.ts';
import type { RoomState } from '../../core/room/room-state.ts';
import type { Store } from '../../disk/store/store.ts';
import type { Identity } from '../../net/identity.ts';
import { avatarSeed } from '../peers/devices.ts';
import type { Link, Links } from '../ports/links.ts';
import { cardSigner, readCard } from './card-signatures.ts';
import { InvitingTime } from './inviting-time.ts';
import { keptRoom, roomOfKept, roomsTable } from './room-records.ts';

const exporterLabel = 'EXPORTER-distrishare-room';
const exporterBytes = 32;
/** News of members are kept this late; what a user did is kept before the answer. */
const saveAfterMs = 2 * second;

export interface RoomGone {
  readonly id: RoomId;
  readonly name: string;
  readonly why: RoomEnd;
  /** The id that it goes on under. */
  readonly became: RoomId | null;
}

export interface RoomsPorts {
  readonly identity: Identity;
  readonly store: Store;
  readonly links: () => Links;
  readonly now: () => Timestamp;
  readonly elapsed: () => Millis;
  /** Where this device takes links, what others reach most likely first. */
  readonly ownAddresses: () => readonly SocketAddress[];
  readonly introduce: (id: DeviceId, address: SocketAddress) => void;
  /** Which tags name our rooms to servers has changed. */
  readonly onTags: () => void;
  readonly onChange: (room: Room) => void;
  readonly onGone: (gone: RoomGone) => void;
  /** What this device may see of us has changed. */
  readonly onRights: (id: DeviceId) => void;
  /** Whoever came by an invitation and is no member by now may not come any more. */
  readonly onInvitingOver: () => void;
  readonly background: (work: Promise<unknown>) => void;
}

/** The rooms this device is in: what the user does with them, and the machine that talks to other members. */
export class Rooms {
  readonly #ports: RoomsPorts;
  #machine: RoomMachine;
  /** The link whose device the machine knows as linked. */
  readonly #links = new Map<DeviceId, Link>();
  readonly #changed = new Set<RoomId>();
  readonly #unsaved = new Set<RoomId>();
  readonly #rights = new Set<DeviceId>();
  #gone: RoomGone[] = [];
  #saving: NodeJS.Timeout | null = null;
  #waking: NodeJS.Timeout | null = null;
  readonly #inviting: InvitingTime;
  readonly #sink: RoomSink = {
    send: (peer, notice) => { this.#links.get(peer)?.notify(notice); },
    changed: (id) => { this.#changed.add(id); },
    gone: (id, name, why, became) => { this.#gone.push({ id, name, why, became }); },
    rights: (peer) => { this.#rights.add(peer); },
    introduced: (peer, addresses) => { this.#introduced(peer, addresses); },
  };

  constructor(ports: RoomsPorts) {
    this.#ports = ports;
    this.#inviting = new InvitingTime(ports.elapsed, ports.onInvitingOver);
    this.#machine = this.#machineOf([]);
  }

  async open(): Promise<void> {
    this.#machine = this.#machineOf((await this.#ports.store.rows(roomsTable)).map(([, kept]) => kept));
    this.#step((now) => { this.#machine.timePasses(now, this.#sink); });
  }

  list(): Room[] {
    return [...this.#machine.rooms()].map((room) => this.#view(room));
  }

  async create(name: string, lastsMs: Millis | null): Promise<Room> {
    return this.#act((now) => this.#machine.create(now, { secret: newSecret(), name, lastsMs }, this.#sink));
  }

  /** Rejects with `invitation-unreadable`, `invitation-false`, `room-over` or `too-many`. */
  async join(text: string): Promise<Room> {
    const invitation = readInvitation(text);
    if (invitation === null) throw unreadable(text);
    return this.#act((now) => this.#machine.join(now, invitation.secret, invitation.hints, this.#sink));
  }

  invite(text: string, language: Locale): Invitation {
    const room = this.#find(text);
    const words = wordsOfSecret(room.secret, language);
    this.#inviting.begin();
    const { owner } = room;
    if (owner === null) return { words, link: `distrishare:room/${Buffer.from(room.secret).toString('hex')}` };
    const link = invitationLink(room.secret, { id: room.id, name: room.name, owner, endsAt: room.endsAt, host: this.#ports.identity.id, addresses: this.#ports.ownAddresses() });
    return { words, link };
  }

  async update(text: string, change: { readonly name?: string | undefined; readonly lastsMs?: Millis | null | undefined }): Promise<Room> {
    return this.#act((now) => {
      const room = this.#find(text);
      this.#machine.update(now, room, change, this.#sink);
      return room;
    });
  }

  async removeMember(text: string, member: string): Promise<Room> {
    return this.#act(() => {
      const room = this.#find(text);
      this.#machine.removeMember(room, findMember([...room.members.values()], member).id, newSecret(), this.#sink);
      return room;
    });
  }

  /** Where devices elsewhere dial us through our router; null: nowhere. */
  setOutside(name: string, address: SocketAddress | null): void {
    this.#step(() => { this.#machine.setOutside(name, address === null ? null : formatAddress(address), this.#sink); });
  }

  async leave(text: string): Promise<void> {
    const room = this.#find(text);
    this.#step(() => { this.#machine.leave(room, this.#sink); });
    await this.#keep();
  }

  /** An audience as it is kept: a room by its id, and only one in which somebody can be. */
  audience(audience: Audience): Audience {
    if (audience.kind !== 'room') return audience;
    const room = this.#find(audience.room);
    if (room.card === null) throw new AppError('room-not-met', { name: room.name });
    return { kind: 'room', room: room.id };
  }

  /** What servers are told of our rooms. */
  tags(): string[] {
    return [...this.#machine.rooms()].map(({ tag }) => tag);
  }

  /** Rooms that the device has proven, on this very link, to be in. */
  roomsOf(link: Link): ReadonlySet<string> {
    return this.#links.get(link.remote.id) === link ? this.#machine.roomsOf(link.remote.id) : new Set();
  }

  /** Whether a device was a member of one of our rooms when it was here last. */
  knows(id: DeviceId): boolean {
    return this.#machine.memberKind(id) === 'met';
  }

  /** Whether a device that dials us may be somebody of a room. */
  mayCome(id: DeviceId): boolean {
    return this.#machine.memberKind(id) !== null || this.#inviting.lasts;
  }

  linkUp(link: Link): void {
    const { remote: { id, name }, takesLinks } = link;
    this.#links.set(id, link);
    this.#step((now) => {
      this.#machine.linkUp(now, {
        peer: id, name, path: link.path, vpn: link.vpn, exporter: link.exportKey(exporterLabel, exporterBytes),
        // A link-local address means nothing on another machine.
        address: takesLinks === null || takesLinks.host.includes('%') ? null : { address: formatAddress(takesLinks), path: link.path, ...(link.vpn === null ? {} : { vpn: link.vpn }) },
      }, this.#sink);
    });
  }

  linkDown(link: Link): void {
    const { id } = link.remote;
    if (this.#links.get(id) !== link) return;
    this.#links.delete(id);
    this.#step((now) => { this.#machine.linkDown(now, id, this.#sink); });
  }

  hear(link: Link, notice: RoomNotice): void {
    if (this.#links.get(link.remote.id) === link) this.#step((now) => { this.#machine.hear(now, link.remote.id, notice, this.#sink); });
  }

  async close(): Promise<void> {
    if (this.#waking !== null) clearTimeout(this.#waking);
    this.#inviting.close();
    await this.#save();
  }

  #machineOf(kept: readonly Parameters<typeof roomOfKept>[0][]): RoomMachine {
    const { identity } = this.#ports;
    return new RoomMachine({
      ownId: identity.id,
      hmac: (key, text) => createHmac('sha256', key).update(text).digest(),
      noise: () => randomBytes(32).toString('hex'),
      sign: cardSigner(identity),
      read: readCard,
    }, kept.map(roomOfKept));
  }

  /** Something the user does: kept before it is answered. */
  async #act(work: (now: Timestamp) => RoomState): Promise<Room> {
    const room = this.#step(work);
    await this.#keep();
    return this.#view(room);
  }

  /** One step of the machine, and what follows from it. */
  #step<T>(work: (now: Timestamp) => T): T {
    const tags = this.tags().join();
    const result = work(this.#ports.now());
    if (this.tags().join() !== tags) this.#ports.onTags();
    const [changed, gone, rights] = [[...this.#changed], this.#gone, [...this.#rights]];
    this.#changed.clear();
    this.#gone = [];
    this.#rights.clear();
    for (const each of gone) {
      this.#unsaved.add(each.id);
      this.#ports.onGone(each);
    }
    for (const id of changed) {
      const room = this.#machine.room(id);
      if (room === undefined) continue;
      this.#unsaved.add(id);
      this.#ports.onChange(this.#view(room));
    }
    for (const id of rights) this.#ports.onRights(id);
    if (this.#unsaved.size > 0) this.#saving ??= setTimeout(() => { this.#ports.background(this.#save()); }, saveAfterMs).unref();
    this.#setWake();
    return result;
  }

  async #keep(): Promise<void> {
    await this.#save();
    await this.#ports.store.sync();
  }

  async #save(): Promise<void> {
    if (this.#saving !== null) clearTimeout(this.#saving);
    this.#saving = null;
    if (this.#unsaved.size === 0) return;
    const batch = this.#ports.store.batch();
    for (const id of this.#unsaved) {
      const room = this.#machine.room(id);
      if (room === undefined) batch.delete(roomsTable, id);
      else batch.put(roomsTable, id, keptRoom(room.record));
    }
    this.#unsaved.clear();
    await batch.write();
  }

  #setWake(): void {
    if (this.#waking !== null) clearTimeout(this.#waking);
    const wake = this.#machine.nextWake();
    // Timers take no more than 24 days.
    this.#waking = wake === null ? null : setTimeout(() => { this.#step((now) => { this.#machine.timePasses(now, this.#sink); }); }, Math.min(Math.max(0, wake - this.#ports.now()), day)).unref();
  }

  /** Names could lead to any server: members are told by address. */
  #introduced(peer: DeviceId, addresses: readonly MemberAddress[]): void {
    for (const { address } of addresses) {
      const parsed = parseAddress(address);
      if (parsed !== null && isIP(parsed.host) !== 0) this.#ports.introduce(peer, parsed);
    }
  }

  /** A room by id, unique beginning of its id, name, or a part of it that fits no other. Throws `room-unknown` or `ambiguous`. */
  #find(text: string): RoomState {
    return findRoom([...this.#machine.rooms()], text);
  }

  #view(room: RoomState): Room {
    const members = [...room.members.values()].map(({ id, name, lastSeen }) => {
      const online = this.#machine.isHere(room, id);
      return { id, name, avatarSeed: avatarSeed(id), online, lastSeen: online ? this.#ports.now() : lastSeen, isOwner: id === room.owner };
    });
    return { id: room.id, name: room.name, state: room.card === null ? 'looking' : 'ready', isMine: room.owner === this.#ports.identity.id, members, endsAt: room.endsAt, joinedAt: room.joinedAt };
  }
}

const newSecret = (): RoomSecret => new Uint8Array(randomBytes(roomSecretBytes));

/** Says what is wrong with an invitation, as far as it can be said. */
function unreadable(text: string): AppError {
  const { unknown } = unknownWords(text);
  const [first] = text.trim().toLowerCase().startsWith('distrishare:') ? [] : unknown;
  return new AppError('invitation-unreadable', first === undefined ? {} : { place: first.place, word: first.word.slice(0, limits.rooms.nameChars) });
}
