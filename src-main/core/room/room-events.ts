import type { DeviceId, RoomId } from '#shared/ids.ts';
import type { Vpn } from '#shared/model/network.ts';
import type { PathKind } from '#shared/model/peer.ts';
import type { RoomEnd } from '#shared/model/room.ts';
import type { KnownMember, RoomCard, RoomNotice, SignedCard } from '#shared/protocol/room.ts';
import type { RoomHints } from '#shared/room-invitation.ts';
import type { RoomSecret } from '#shared/room-words.ts';
import type { Timestamp } from '#shared/units.ts';

/** Where a member takes links, as we reach it. */
export type MemberAddress = KnownMember['addresses'][number];

/** Somebody else in a room. */
export interface MemberEntry {
  readonly id: DeviceId;
  readonly name: string;
  /** It proved to this device that it is a member; otherwise we know of it from others. */
  readonly met: boolean;
  readonly lastSeen: Timestamp | null;
  readonly addresses: readonly MemberAddress[];
}

/** What is kept of a room. */
export interface RoomRecord {
  readonly id: RoomId;
  readonly secret: RoomSecret;
  /** Earlier secrets, latest first. */
  readonly past: readonly RoomSecret[];
  /** What a later invitation brought, until a card of the owner speaks of it. */
  readonly invited?: RoomSecret | null;
  /** Null while no member was met. */
  readonly signed: SignedCard | null;
  /** What the invitation said, until there is a card. */
  readonly hints: Pick<RoomHints, 'name' | 'owner' | 'endsAt'> | null;
  readonly members: readonly MemberEntry[];
  readonly joinedAt: Timestamp;
}

/** A link, as rooms see it. */
export interface RoomLink {
  readonly peer: DeviceId;
  readonly name: string;
  /** TLS exporter value, the same at both ends and on no other link. */
  readonly exporter: Uint8Array;
  /** Where the device takes links; null: nowhere. */
  readonly address: MemberAddress | null;
  readonly path: PathKind;
  /** The VPN that leads there, when our own end of it tells. */
  readonly vpn: Vpn | null;
}

export interface RoomSink {
  send(peer: DeviceId, notice: RoomNotice): void;
  /** Something about the room has changed: it must be kept, and is shown anew. */
  changed(id: RoomId): void;
  /** `became`: it goes on under another id. */
  gone(id: RoomId, name: string, why: RoomEnd, became: RoomId | null): void;
  /** A device is in more or fewer rooms than before: what it may see has changed. */
  rights(peer: DeviceId): void;
  /** A device may take links there. */
  introduced(peer: DeviceId, addresses: readonly MemberAddress[]): void;
}

/** What the machine needs of the world; all at once and without a clock. */
export interface RoomPorts {
  readonly ownId: DeviceId;
  readonly hmac: (key: Uint8Array, text: string) => Uint8Array;
  /** 64 hex digits that look like a proof. */
  readonly noise: () => string;
  readonly sign: (card: RoomCard) => SignedCard;
  /** Null when the owner it names has not signed it. */
  readonly read: (signed: SignedCard) => RoomCard | null;
}
