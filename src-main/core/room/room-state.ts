import type { DeviceId, RoomId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { RoomCard, SignedCard } from '#shared/protocol/room.ts';
import type { RoomSecret } from '#shared/room-words.ts';
import type { Timestamp } from '#shared/units.ts';
import type { MemberEntry, RoomRecord } from './room-events.ts';
import { secretHashOf, tagOf, type Hmac } from './room-keys.ts';

/** One room this device is in. */
export class RoomState {
  id: RoomId;
  secret: RoomSecret;
  past: readonly RoomSecret[];
  /** What a later invitation brought. Anybody may have made it up: it lets nobody in before a card of the owner speaks of it. */
  invited: RoomSecret | null;
  signed: SignedCard | null;
  card: RoomCard | null;
  readonly hints: RoomRecord['hints'];
  readonly members: Map<DeviceId, MemberEntry>;
  readonly joinedAt: Timestamp;
  tag: string;
  readonly #hmac: Hmac;

  constructor(record: RoomRecord, card: RoomCard | null, hmac: Hmac) {
    this.id = record.id;
    this.secret = record.secret;
    this.past = record.past;
    this.invited = record.invited ?? null;
    this.signed = card === null ? null : record.signed;
    this.card = card;
    this.hints = record.hints;
    this.members = new Map(record.members.map((member) => [member.id, member]));
    this.joinedAt = record.joinedAt;
    this.#hmac = hmac;
    this.tag = tagOf(hmac, record.secret);
  }

  get name(): string {
    return this.card?.name ?? this.hints?.name ?? '';
  }

  get owner(): DeviceId | null {
    return this.card?.owner ?? this.hints?.owner ?? null;
  }

  get endsAt(): Timestamp | null {
    return this.card === null ? (this.hints?.endsAt ?? null) : this.card.endsAt;
  }

  get version(): number {
    return this.card?.version ?? 0;
  }

  get record(): RoomRecord {
    return { id: this.id, secret: this.secret, past: this.past, invited: this.invited, signed: this.signed, hints: this.hints, members: [...this.members.values()], joinedAt: this.joinedAt };
  }

  /** Another passphrase counts from now on. */
  rekey(secret: RoomSecret): void {
    this.past = [this.secret, ...this.past].slice(0, limits.rooms.earlierSecrets);
    this.secret = secret;
    this.tag = tagOf(this.#hmac, secret);
    if (this.invited !== null && tagOf(this.#hmac, this.invited) === this.tag) this.invited = null;
  }

  /** The secret with this tag, of those that may be the room's now. */
  secretOfTag(tag: string): RoomSecret | null {
    if (tag === this.tag) return this.secret;
    return this.invited !== null && tagOf(this.#hmac, this.invited) === tag ? this.invited : null;
  }

  wasSecret(tag: string): boolean {
    return this.past.some((secret) => tagOf(this.#hmac, secret) === tag);
  }

  isSecretOf(card: RoomCard): boolean {
    return secretHashOf(this.#hmac, this.secret) === card.secretHash;
  }

  isRemoved(id: DeviceId): boolean {
    return this.card?.removed.includes(id) === true;
  }

  /** Takes a card, and out of the members whom it removes. */
  accept(card: RoomCard, signed: SignedCard): void {
    this.card = card;
    this.signed = signed;
    this.id = card.id;
    for (const id of card.removed) this.members.delete(id);
  }

  /** What we know of a member now; the oldest of those we only heard of make room. Returns whether it was not known. */
  note(member: MemberEntry): boolean {
    const isNew = !this.members.has(member.id);
    if (isNew && this.members.size >= limits.rooms.members - 1 && !this.#forgetOne(member.met)) return false;
    this.members.set(member.id, member);
    return isNew;
  }

  /** Hearsay must not push anybody out; somebody who is here may take the place of somebody we never met. */
  #forgetOne(forSomebodyMet: boolean): boolean {
    if (!forSomebodyMet) return false;
    for (const { id, met } of this.members.values()) if (!met) return this.members.delete(id);
    return false;
  }
}

/** Whether a card may take the place of what is known: the same room, of the same owner, and newer. */
export function mayFollow(room: RoomState, card: RoomCard): boolean {
  if (room.card !== null) return card.id === room.card.id && card.owner === room.card.owner && card.version > room.card.version && card.epoch >= room.card.epoch;
  return room.hints === null || (card.id === room.id && card.owner === room.hints.owner);
}
