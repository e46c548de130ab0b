import type { SocketAddress } from '#shared/address.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { PeerSource, Trust } from '#shared/model/peer.ts';
import type { Settings } from '#shared/settings.ts';
import type { Timestamp } from '#shared/units.ts';

export type MembershipEvent =
  /** Somebody says that a device takes links there; `address` means that the user typed it. */
  | { readonly type: 'hint'; readonly address: SocketAddress; readonly source: 'multicast' | 'mdns'; readonly nonce: string; readonly tag: string }
  | { readonly type: 'hint'; readonly address: SocketAddress; readonly source: 'address' }
  /** Somebody who should know says that this device takes links there. */
  | { readonly type: 'introduced'; readonly id: DeviceId; readonly address: SocketAddress; readonly source: 'room' | 'server' }
  /** A device that announced itself there says that it leaves. */
  | { readonly type: 'goodbye'; readonly address: SocketAddress; readonly nonce: string }
  /** A link to a proven device is up. `address` is where it takes links: what we dialled, or its host with the port it names; null if it takes none. `isNear`: there is no better way to it. */
  | { readonly type: 'link-up'; readonly id: DeviceId; readonly address: SocketAddress | null; readonly dialled: boolean; readonly isNear: boolean }
  /** `left`: it said goodbye or we closed the link on purpose, so there is no hurry to link again. */
  | { readonly type: 'link-down'; readonly id: DeviceId; readonly left: boolean }
  /** A dial proved who is there; the link itself is told by `link-up`. */
  | { readonly type: 'dial-succeeded'; readonly address: SocketAddress; readonly id: DeviceId }
  /** `there`: with `identity-changed`, who has proven to be there instead. */
  | { readonly type: 'dial-failed'; readonly address: SocketAddress; readonly code: ErrorCode; readonly there?: DeviceId }
  | { readonly type: 'forget'; readonly id: DeviceId }
  | { readonly type: 'trust'; readonly id: DeviceId; readonly trust: Trust }
  | { readonly type: 'visibility'; readonly visibility: Settings['visibility'] }
  /** Interfaces changed or the machine woke up: what failed before may work now. */
  | { readonly type: 'network-changed' }
  | { readonly type: 'tick' };

export interface MembershipSink {
  /**
   * Link to this address; answer with `dial-succeeded` or `dial-failed`. `expect`: nobody else will do. `isAsked`: the user, a room or a server wants who is there; when
   * it only announced itself, nobody may be linked who might not dial us.
   */
  dial(address: SocketAddress, expect: DeviceId | null, isAsked: boolean): void;
  /** What `device(id)` gives has changed; it gives undefined when the device was forgotten. */
  changed(id: DeviceId): void;
}

export const peerSources: readonly PeerSource[] = ['multicast', 'mdns', 'address', 'incoming', 'room', 'server'];

/** One device as the peer table knows it: every way it was found, where, and when last. */
export interface PeerEntry {
  readonly id: DeviceId;
  readonly online: boolean;
  /** Last time a link to it was up; not updated while it is online. */
  readonly lastSeen: Timestamp;
  /** Latest first. */
  readonly sources: readonly { readonly source: PeerSource; readonly address: string; readonly lastSeen: Timestamp }[];
}

/** What is kept of a device from one session to the next. */
export interface KnownDevice {
  readonly id: DeviceId;
  readonly lastSeen: Timestamp;
  readonly addresses: readonly {
    readonly host: string;
    readonly port: number;
    readonly seen: { readonly [source in PeerSource]?: Timestamp | undefined };
  }[];
}
