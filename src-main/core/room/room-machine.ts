import { formatAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { toHex, type DeviceId, type RoomId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomEnd } from '#shared/model/room.ts';
import type { KnownMember, RoomCard, RoomNotice } from '#shared/protocol/room.ts';
import type { RoomHints } from '#shared/room-invitation.ts';
import type { RoomSecret } from '#shared/room-words.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { TokenBucket } from '../rate/token-bucket.ts';
import type { MemberAddress, MemberEntry, RoomLink, RoomPorts, RoomRecord, RoomSink } from './room-events.ts';
import { firstIdOf, proofOf, secretHashOf, secretOfHex, tagOf } from './room-keys.ts';
import { mayFollow, RoomState } from './room-state.ts';

/** Proofs of one link are looked at so often; each look costs some hashing. */
const proofsPerSecond = 1;
const proofsBurst = 8;
/** One device tells us of so many others: all of a large room at once, then as they come. */
const newsPerSecond = 50;
const newsBurst = 2 * limits.rooms.members;
/** Proofs come in multiples of this. */
const proofsPadding = 8;

interface Session extends RoomLink {
  readonly looks: TokenBucket;
  readonly news: TokenBucket;
  /** The latest secret of each room that the device has proven on this link. */
  proven: Map<RoomState, RoomSecret>;
}

/**
 * The rooms of a device: who has proven what on which link, and how cards, passphrases and news of members travel between
 * members. Pure: time, secrets and links come in as arguments, what is to be done goes out through the sink.
 *
 * Invariants: a device counts as a member only on a link on which it has proven the present secret; a secret is sent only
 * to somebody who has proven an earlier one and whom the owner has named as heir; nothing of a room is sent to somebody
 * who has proven nothing; a card counts only if the room's owner signed it and it is newer; no invitation changes who is in
 * a room that is known, nor what its id means.
 */
export class RoomMachine {
  readonly #ports: RoomPorts;
  readonly #rooms = new Map<RoomId, RoomState>();
  readonly #sessions = new Map<DeviceId, Session>();
  /** Where others reach us through our router, as members are told. */
  #outside: KnownMember | null = null;

  constructor(ports: RoomPorts, records: readonly RoomRecord[]) {
    this.#ports = ports;
    for (const record of records) this.#rooms.set(record.id, new RoomState(record, record.signed === null ? null : ports.read(record.signed), ports.hmac));
  }

  rooms(): Iterable<RoomState> {
    return this.#rooms.values();
  }

  room(id: RoomId): RoomState | undefined {
    return this.#rooms.get(id);
  }

  /** Rooms a linked device is in, as far as it may know of them. */
  roomsOf(peer: DeviceId): ReadonlySet<RoomId> {
    const ids = new Set<RoomId>();
    for (const room of this.#sessions.get(peer)?.proven.keys() ?? []) if (this.isHere(room, peer)) ids.add(room.id);
    return ids;
  }

  /** Whether a member is linked and has proven it. */
  isHere(room: RoomState, peer: DeviceId): boolean {
    return this.#sessions.get(peer)?.proven.get(room) === room.secret && !room.isRemoved(peer);
  }

  /** What a device is to our rooms: a member that was `met`, or one that another member `named`. */
  memberKind(peer: DeviceId): 'met' | 'named' | null {
    const found = [...this.#rooms.values()].flatMap(({ members }) => members.get(peer) ?? []);
    return found.length === 0 ? null : found.some(({ met }) => met) ? 'met' : 'named';
  }

  /** When a room ends by itself. */
  nextWake(): Timestamp | null {
    let wake: Timestamp | null = null;
    for (const { endsAt } of this.#rooms.values()) if (endsAt !== null && (wake === null || endsAt < wake)) wake = endsAt;
    return wake;
  }

  timePasses(now: Timestamp, out: RoomSink): void {
    for (const room of [...this.#rooms.values()]) if (room.endsAt !== null && room.endsAt <= now) this.#end(room, 'ended', out);
  }

  linkUp(now: Timestamp, link: RoomLink, out: RoomSink): void {
    this.linkDown(now, link.peer, out);
    const session: Session = { ...link, looks: new TokenBucket(proofsPerSecond, proofsBurst, now), news: new TokenBucket(newsPerSecond, newsBurst, now), proven: new Map() };
    this.#sessions.set(link.peer, session);
    this.#sendProofs(session, false, out);
  }

  linkDown(now: Timestamp, peer: DeviceId, out: RoomSink): void {
    const session = this.#sessions.get(peer);
    if (session === undefined) return;
    const here = [...session.proven.keys()].filter((room) => this.isHere(room, peer));
    this.#sessions.delete(peer);
    for (const room of here) {
      const member = room.members.get(peer);
      if (member !== undefined) room.note({ ...member, lastSeen: now });
      out.changed(room.id);
    }
  }

  /** Makes a room. Throws `too-many`. */
  create(now: Timestamp, { secret, name, lastsMs }: { readonly secret: RoomSecret; readonly name: string; readonly lastsMs: Millis | null }, out: RoomSink): RoomState {
    const id = firstIdOf(this.#ports.hmac, secret);
    const card: RoomCard = {
      id, owner: this.#ports.ownId, version: 1, epoch: 1, secretHash: secretHashOf(this.#ports.hmac, secret), name, createdAt: now,
      endsAt: lastsMs === null ? null : now + lastsMs, removed: [], heirs: [],
    };
    return this.#add({ id, secret, past: [], signed: this.#ports.sign(card), hints: null, members: [], joinedAt: now }, card, out);
  }

  /** Gets into a room, or gives the one that this is already. Throws `room-over`, `invitation-false` or `too-many`. */
  join(now: Timestamp, secret: RoomSecret, hints: RoomHints | null, out: RoomSink): RoomState {
    if (hints?.endsAt != null && hints.endsAt <= now) throw new AppError('room-over', { name: hints.name });
    const room = this.#invitedTo(secret, hints, out) ?? this.#add({ id: hints?.id ?? firstIdOf(this.#ports.hmac, secret), secret, past: [], signed: null, hints, members: [], joinedAt: now }, null, out);
    if (hints !== null && hints.host !== this.#ports.ownId) out.introduced(hints.host, hints.addresses.map((address) => ({ address: formatAddress(address), path: 'lan' })));
    return room;
  }

  /** Changes what only the owner may change. Throws `room-not-yours`. */
  update(now: Timestamp, room: RoomState, { name, lastsMs }: { readonly name?: string | undefined; readonly lastsMs?: Millis | null | undefined }, out: RoomSink): void {
    const card = this.#ownCard(room);
    this.#issue(room, { ...card, name: name ?? card.name, endsAt: lastsMs === undefined ? card.endsAt : lastsMs === null ? null : now + lastsMs }, out);
  }

  /** Takes somebody out: the others get another secret. Throws `room-not-yours` or `member-unknown`. */
  removeMember(room: RoomState, member: DeviceId, secret: RoomSecret, out: RoomSink): void {
    const card = this.#ownCard(room);
    if (!room.members.has(member)) throw new AppError('member-unknown', { name: member });
    // Somebody we only heard of may be another device of whoever is removed.
    const heirs = [...room.members.values()].filter(({ id, met }) => met && id !== member).map(({ id }) => id);
    const removed = [...card.removed, member].slice(-limits.rooms.members);
    room.rekey(secret);
    this.#issue(room, { ...card, epoch: card.epoch + 1, secretHash: secretHashOf(this.#ports.hmac, secret), removed, heirs }, out);
    this.#secretChanged(room, out);
  }

  leave(room: RoomState, out: RoomSink): void {
    for (const { peer } of this.#here(room)) out.send(peer, { kind: 'room-left', tag: room.tag });
    this.#end(room, 'left', out);
  }

  /** Where devices elsewhere dial us through our router, if anywhere: members hear of it, and tell others. */
  setOutside(name: string, address: string | null, out: RoomSink): void {
    const before = this.#outside;
    this.#outside = address === null ? null : { id: this.#ports.ownId, name, addresses: [{ address, path: 'internet' }] };
    if (before === null && address === null) return;
    const told = this.#outside ?? { id: this.#ports.ownId, name, addresses: [] };
    for (const session of this.#sessions.values()) for (const room of this.#rooms.values()) if (this.isHere(room, session.peer)) out.send(session.peer, { kind: 'room-members', tag: room.tag, members: [told] });
  }

  /** Takes what a device says about rooms. */
  hear(now: Timestamp, peer: DeviceId, notice: RoomNotice, out: RoomSink): void {
    const session = this.#sessions.get(peer);
    if (session === undefined) return;
    if (notice.kind === 'room-proofs') {
      if (session.looks.take(now)) this.#proven(now, session, { proofs: new Set(notice.proofs), asks: notice.asks }, out);
      return;
    }
    const room = [...this.#rooms.values()].find((each) => each.secretOfTag(notice.tag) !== null);
    if (room === undefined) return;
    // A card says by itself that it is right: also from somebody who knows a later secret than we do.
    if (notice.kind === 'room-update') return this.#updated(now, session, room, notice, out);
    if (room.tag !== notice.tag || !this.isHere(room, peer)) return;
    switch (notice.kind) {
      case 'room-state':
        if (notice.version < room.version) this.#sendCard(room, peer, out);
        else if (notice.version > room.version) out.send(peer, { kind: 'room-state', tag: room.tag, version: room.version });
        return;
      case 'room-members': {
        if (!session.news.take(now, notice.members.length)) return;
        let isNews = false;
        for (const { id, name, addresses } of notice.members) {
          const isOfItself = id === session.peer;
          if (isOfItself ? this.#heardOutside(room, session, addresses, out) : this.#heardOf(room, { id, name, addresses }, out)) isNews = true;
        }
        if (isNews) out.changed(room.id);
        return;
      }
      case 'room-left':
        session.proven.delete(room);
        room.members.delete(peer);
        out.changed(room.id);
        return out.rights(peer);
    }
  }

  #add(record: RoomRecord, card: RoomCard | null, out: RoomSink): RoomState {
    if (this.#rooms.size >= limits.rooms.joined) throw new AppError('too-many');
    const room = new RoomState(record, card, this.#ports.hmac);
    this.#rooms.set(room.id, room);
    out.changed(room.id);
    for (const session of this.#sessions.values()) this.#sendProofs(session, true, out);
    return room;
  }

  /**
   * The room that an invitation leads to, when this device is in it already. A later invitation brings the passphrase of now, so it says; an earlier one
   * nothing. Throws `invitation-false` when it claims the id of somebody else's room.
   */
  #invitedTo(secret: RoomSecret, hints: RoomHints | null, out: RoomSink): RoomState | null {
    const tag = tagOf(this.#ports.hmac, secret);
    const known = [...this.#rooms.values()].find((room) => room.secretOfTag(tag) !== null || room.wasSecret(tag));
    if (known !== undefined) return known;
    const room = this.#rooms.get(hints?.id ?? firstIdOf(this.#ports.hmac, secret));
    if (room === undefined || hints === null) return room ?? null;
    if (room.owner === null) return null;
    if (room.owner !== hints.owner) throw new AppError('invitation-false', { name: room.name });
    // Whoever made it knows its passphrase best.
    if (room.owner === this.#ports.ownId) return room;
    out.changed(room.id);
    if (room.card === null) {
      room.rekey(secret);
      this.#secretChanged(room, out);
    } else {
      room.invited = secret;
      for (const session of this.#sessions.values()) this.#sendProofs(session, true, out);
    }
    return room;
  }

  #ownCard(room: RoomState): RoomCard {
    if (room.card?.owner !== this.#ports.ownId) throw new AppError('room-not-yours', { name: room.name });
    return room.card;
  }

  /** As the owner: a new card, for everybody. */
  #issue(room: RoomState, card: RoomCard, out: RoomSink): void {
    const next: RoomCard = { ...card, version: card.version + 1 };
    room.accept(next, this.#ports.sign(next));
    out.changed(room.id);
    for (const { peer } of this.#here(room)) this.#sendCard(room, peer, out);
  }

  #updated(now: Timestamp, session: Session, room: RoomState, { tag, card: signed, secret }: Extract<RoomNotice, { kind: 'room-update' }>, out: RoomSink): void {
    const card = this.#ports.read(signed);
    if (card === null || !mayFollow(room, card)) return;
    // Who made the room is not known yet: whoever knows the passphrase is believed, once.
    if (room.owner === null && !this.isHere(room, session.peer)) return;
    if (card.removed.includes(this.#ports.ownId)) return this.#end(room, 'removed', out);
    const given = secret === null ? room.secretOfTag(tag) : secretOfHex(secret);
    if (given === null || secretHashOf(this.#ports.hmac, given) !== card.secretHash) return;
    const before = room.id;
    const same = card.id === before ? undefined : this.#rooms.get(card.id);
    if (same !== undefined && same.owner !== null && same.owner !== card.owner) return;
    // Words of an earlier passphrase than the one that we have of it.
    if (same !== undefined && same.version >= card.version) return this.#end(room, 'left', out, same.id);
    const isRekeyed = toHex(given) !== toHex(room.secret);
    if (isRekeyed) room.rekey(given);
    room.accept(card, signed);
    if (room.id !== before) this.#renumber(room, before, out);
    out.changed(room.id);
    if (room.endsAt !== null && room.endsAt <= now) return this.#end(room, 'ended', out);
    if (isRekeyed) {
      this.#secretChanged(room, out);
      for (const each of this.#here(room)) this.#met(now, each, room, out);
      return;
    }
    for (const { peer } of this.#here(room)) if (peer !== session.peer) out.send(peer, { kind: 'room-state', tag: room.tag, version: room.version });
  }

  /** Joined by words of a later passphrase: what the room is called was not known, perhaps it even is one we are in. */
  #renumber(room: RoomState, before: RoomId, out: RoomSink): void {
    const same = this.#rooms.get(room.id);
    for (const member of same?.members.values() ?? []) if (!room.isRemoved(member.id) && !room.members.has(member.id)) room.note(member);
    if (same !== undefined) for (const session of this.#sessions.values()) session.proven.delete(same);
    this.#rooms.delete(before);
    this.#rooms.set(room.id, room);
    out.gone(before, room.name, 'left', room.id);
  }

  /** Hardly anybody has proven the new passphrase yet: who may know it gets it, and we prove it to everybody. */
  #secretChanged(room: RoomState, out: RoomSink): void {
    for (const session of this.#sessions.values()) {
      if (session.proven.has(room)) {
        this.#handOver(session, room, out);
        out.rights(session.peer);
      }
      this.#sendProofs(session, true, out);
    }
  }

  /** To somebody who has proven an earlier passphrase. */
  #handOver({ peer, proven }: Session, room: RoomState, out: RoomSink): void {
    const theirs = proven.get(room);
    if (theirs === undefined || theirs === room.secret || theirs === room.invited || room.card === null || room.signed === null || !room.isSecretOf(room.card)) return;
    const tag = tagOf(this.#ports.hmac, theirs);
    if (room.isRemoved(peer)) out.send(peer, { kind: 'room-update', tag, card: room.signed, secret: null });
    else if (room.card.heirs.includes(peer)) out.send(peer, { kind: 'room-update', tag, card: room.signed, secret: toHex(room.secret) });
  }

  #sendCard(room: RoomState, peer: DeviceId, out: RoomSink): void {
    if (room.signed !== null) out.send(peer, { kind: 'room-update', tag: room.tag, card: room.signed, secret: null });
  }

  #sendProofs({ peer, exporter }: Session, asks: boolean, out: RoomSink): void {
    if (this.#rooms.size === 0) return;
    const secrets = [...this.#rooms.values()].flatMap(({ secret, invited }) => (invited === null ? [secret] : [secret, invited]));
    const proofs = secrets.map((secret) => proofOf(this.#ports.hmac, secret, { exporter, prover: this.#ports.ownId, verifier: peer }));
    while (proofs.length % proofsPadding !== 0) proofs.push(this.#ports.noise());
    out.send(peer, { kind: 'room-proofs', proofs, asks });
  }

  #proven(now: Timestamp, session: Session, { proofs, asks }: { readonly proofs: ReadonlySet<string>; readonly asks: boolean }, out: RoomSink): void {
    const before = session.proven;
    session.proven = new Map();
    let isNew = false;
    for (const room of this.#rooms.values()) {
      const secret = [room.secret, ...(room.invited === null ? [] : [room.invited]), ...room.past].find((known) => proofs.has(proofOf(this.#ports.hmac, known, { exporter: session.exporter, prover: session.peer, verifier: this.#ports.ownId })));
      if (secret !== undefined) session.proven.set(room, secret);
      // Whoever has a card that speaks of it sends that.
      if (secret !== undefined && secret === room.invited) out.send(session.peer, { kind: 'room-state', tag: tagOf(this.#ports.hmac, secret), version: room.version });
      const isHere = this.isHere(room, session.peer);
      if (isHere === (before.get(room) === room.secret)) this.#handOver(session, room, out);
      else if (isHere) {
        isNew = true;
        this.#met(now, session, room, out);
      } else {
        out.changed(room.id);
        out.rights(session.peer);
        this.#handOver(session, room, out);
      }
    }
    if (isNew && asks) this.#sendProofs(session, false, out);
  }

  #met(now: Timestamp, session: Session, room: RoomState, out: RoomSink): void {
    const { peer, name, address } = session;
    const before = room.members.get(peer);
    const member: MemberEntry = { id: peer, name, met: true, lastSeen: now, addresses: address === null ? (before?.addresses ?? []) : [address] };
    room.note(member);
    out.changed(room.id);
    out.rights(peer);
    out.send(peer, { kind: 'room-state', tag: room.tag, version: room.version });
    this.#tell(room, session, [...room.members.values()].filter(({ id }) => id !== peer), out);
    if (this.#outside !== null) out.send(peer, { kind: 'room-members', tag: room.tag, members: [this.#outside] });
    if (before?.met === true && sameAddresses(before, member)) return;
    for (const other of this.#here(room)) if (other.peer !== peer) this.#tell(room, other, [member], out);
  }

  /** Tells somebody of other members, with the addresses that mean something there. */
  #tell(room: RoomState, session: Session, members: readonly MemberEntry[], out: RoomSink): void {
    if (members.length === 0) return;
    const told = members.map(({ id, name, addresses }) => ({ id, name, addresses: addresses.filter((address) => isReachedFrom(session, address)).slice(0, limits.rooms.addresses) }));
    out.send(session.peer, { kind: 'room-members', tag: room.tag, members: told });
  }

  /** What a member says of itself: only where it is reached from everywhere, beside the address that we see. */
  #heardOutside(room: RoomState, { peer, address }: Session, said: readonly MemberAddress[], out: RoomSink): boolean {
    const known = room.members.get(peer);
    if (known === undefined) return false;
    const outside = said.filter(({ path }) => path === 'internet').map((each) => ({ address: each.address, path: each.path }));
    const addresses = [...(address === null ? [] : [address]), ...outside.filter((each) => each.address !== address?.address)].slice(0, limits.rooms.addresses);
    if (sameAddresses(known, { addresses })) return false;
    const member = { ...known, addresses };
    room.note(member);
    for (const other of this.#here(room)) if (other.peer !== peer) this.#tell(room, other, [member], out);
    return true;
  }

  #heardOf(room: RoomState, { id, name, addresses }: Pick<MemberEntry, 'id' | 'name' | 'addresses'>, out: RoomSink): boolean {
    if (id === this.#ports.ownId || room.isRemoved(id) || this.isHere(room, id)) return false;
    const known = room.members.get(id);
    if (known !== undefined && (addresses.length === 0 || sameAddresses(known, { addresses }))) return false;
    room.note(known === undefined ? { id, name, met: false, lastSeen: null, addresses } : { ...known, addresses });
    if (addresses.length > 0 && room.members.has(id) && !this.#sessions.has(id)) out.introduced(id, addresses);
    return true;
  }

  #here(room: RoomState): Session[] {
    return [...this.#sessions.values()].filter(({ peer }) => this.isHere(room, peer));
  }

  #end(room: RoomState, why: RoomEnd, out: RoomSink, became: RoomId | null = null): void {
    const here = this.#here(room);
    this.#rooms.delete(room.id);
    for (const session of this.#sessions.values()) session.proven.delete(room);
    out.gone(room.id, room.name, why, became);
    for (const { peer } of here) out.rights(peer);
  }
}

const sameAddresses = (a: Pick<MemberEntry, 'addresses'>, b: Pick<MemberEntry, 'addresses'>): boolean =>
  a.addresses.length === b.addresses.length && a.addresses.every(({ address }, at) => address === b.addresses[at]?.address);

/** An address of a network means nothing outside of it, and one of a VPN nothing in another. */
function isReachedFrom({ path, vpn }: Pick<RoomLink, 'path' | 'vpn'>, address: MemberAddress): boolean {
  if (address.path === 'overlay' && path === 'overlay') return (address.vpn ?? null) === vpn;
  return address.path === 'internet' || address.path === path || (path === 'loopback' && address.path !== 'loopback');
}
