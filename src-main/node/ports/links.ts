import type { Duplex } from 'node:stream';
import type { PathRank } from '#main/core/link/path-rank.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import type { Vpn } from '#shared/model/network.ts';
import type { PathKind, Platform } from '#shared/model/peer.ts';
import type { ControlMethod, ControlParams, ControlResult, Notice } from '#shared/protocol/control.ts';
import type { WirePieces } from '#shared/protocol/swarm-frames.ts';
import type { BlockRequest, BlockWanted, RejectReason } from '#shared/protocol/hot-frames.ts';

/** `HOST:PORT` split up; `host` is an IP address or a name, without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a device said in its hello, after its certificate proved who it is. Everything but `id` is its own word. */
export interface RemoteDevice {
  readonly id: DeviceId;
  readonly name: string;
  readonly platform: Platform;
  readonly version: string;
  /** Port on which it takes links; null when it does not listen. */
  readonly listenPort: number | null;
}

/**
 * Where the payload of an arriving block goes. The link copies every chunk straight into `buffer` and calls `done`
 * when the last byte is there, or `lost` when its connection ends first.
 */
export interface BlockSink {
  /** Not asked for before the block begins to come: until then it need not exist. */
  readonly buffer: Uint8Array;
  /** `pieceHash` comes along when the sender has no proven root yet (hash on the way), else null. `wireBytes`: what travelled for it. */
  done(pieceHash: Uint8Array | null, wireBytes: Bytes): void;
  /** What came compressed is nothing of the length that was asked for: as bad as wrong bytes. */
  broken(wireBytes: Bytes): void;
  rejected(reason: RejectReason): void;
  /** The first `kept` bytes of the buffer have come. */
  lost(kept: Bytes): void;
}

/** What has come of a block that is on its way. */
export interface BlockProgress {
  /** Bytes that came for it, as they travel. */
  readonly moved: Bytes;
  /** How long ago the last of them came. */
  readonly quietMs: Millis;
  /** Of those the bytes that lie in its buffer as they will stay: none when it comes compressed. */
  readonly kept: Bytes;
}

/** How a node answers a device. Every method checks what that device may see. */
export interface LinkHandler {
  /** Control requests; a rejection with an AppError travels as its code. */
  request<Method extends ControlMethod>(link: Link, method: Method, params: ControlParams<Method>, signal: AbortSignal): Promise<ControlResult<Method>>;
  notice(link: Link, notice: Notice): void;
  /** A block is wanted; answer with `link.sendBlock` or `link.rejectBlock`. `lane` must be handed back. */
  blockWanted(link: Link, lane: number, request: BlockRequest): void;
  blockCancelled(link: Link, lane: number, requestId: number): void;
  /** The device takes part in the swarm of a content, with these pieces. */
  joined(link: Link, told: { readonly key: Uint8Array; readonly pieces: WirePieces }): void;
  /** It has one more piece. */
  has(link: Link, told: { readonly key: Uint8Array; readonly piece: number }): void;
  left(link: Link, told: { readonly key: Uint8Array }): void;
  /** It lets us begin no new piece, or does again. */
  choked(link: Link, told: { readonly choked: boolean }): void;
  closed(link: Link, reason: ErrorInfo): void;
}

/** The one link to a device: a control connection and bulk connections ("lanes"; lane 0 is the control connection). */
export interface Link {
  readonly remote: RemoteDevice;
  /** Address of the other end of the control connection. */
  readonly address: Address;
  /** Where the other end takes further connections from here; null: nowhere, or it was reached by a relay or through a hole in its router. */
  readonly takesLinks: Address | null;
  readonly path: PathKind;
  /** How good the path is as both ends see it: a connection of a better one takes the link's place. */
  readonly rank: PathRank;
  /** The VPN that leads there, when our end of an `overlay` path tells. */
  readonly vpn: Vpn | null;
  /** The server that carries it on a `relay` path, else null. */
  readonly relay: string | null;
  /** Whether we dialled it. */
  readonly dialled: boolean;
  readonly isClosed: boolean;
  /** Smoothed round trip, milliseconds; null until the first answer. */
  readonly latencyMs: number | null;
  /** What the round trip takes longer now than without a queue on the path, milliseconds; null while that is not known. */
  readonly queueMs: number | null;
  /** The same, of the last measurement alone. */
  readonly risingMs: number | null;
  /** Measures the round trip now, unless it is being measured. */
  probe(): void;
  /** Large blocks go out evenly from now on, at no more than so many bytes/s; null: as fast as the system takes them. */
  pace(bytesPerSecond: number | null): void;
  /** Payload bytes so far, as they travelled. */
  readonly moved: { readonly down: Bytes; readonly up: Bytes };
  /** Payload bytes/s of the last seconds, as they travelled: compressed blocks count what came or went. */
  readonly rates: { readonly down: number; readonly up: number };
  /** Whether the other end can be asked for compressed blocks. */
  readonly knowsCompression: boolean;
  /** Whether it can be asked for several small files as one block. */
  readonly knowsBatches: boolean;
  /** How fast blocks arrive while some are waited for, bytes/s on the wire; null while nobody knows. */
  readonly arrivalRate: number | null;

  request<Method extends ControlMethod>(method: Method, params: ControlParams<Method>, options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<ControlResult<Method>>;
  notify(notice: Notice): void;

  /** Tells that we take part in the swarm of a content, with these pieces. */
  join(key: Uint8Array, pieces: WirePieces): void;
  has(key: Uint8Array, piece: number): void;
  leave(key: Uint8Array): void;
  choke(choked: boolean): void;

  /** Asks for one block on the best lane, with a `pace` only if `knowsCompression`; the answer goes to the sink. Returns the request's id for `cancelBlock`. */
  requestBlock(request: BlockWanted, sink: BlockSink): number;
  /** What has come of it so far; nothing when it is not under way any more. */
  blockProgress(requestId: number): BlockProgress;
  /** The sink hears nothing more, and its buffer is not written any more. */
  cancelBlock(requestId: number): void;
  /**
   * Sends a block on the lane that asked. Resolves when the bytes have left our buffers and `payload` may be reused, with
   * true; with false, and without sending, when the block is not wanted any more. Rejects with `link-closed` when the lane has ended. A compressed payload
   * is shorter than what was asked for, and was welcome.
   */
  sendBlock(lane: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed?: boolean): Promise<boolean>;
  rejectBlock(lane: number, requestId: number, reason: RejectReason): void;

  /** Opens bulk connections until there are `count` (within limits). Never rejects: blocks use the control connection meanwhile. */
  wantLanes(count: number): void;
  /** TLS exporter value of the control connection, the same at both ends (RFC 8446 §7.5). */
  exportKey(label: string, bytes: number): Uint8Array;
  close(reason: ErrorInfo): void;
}

/** Listener, dialler and table of links: at most one link per device. */
export interface Links {
  /** Starts to listen; takes the next free port if the wanted one is taken. Rejects with `port-taken` after 64 tries. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /**
   * Links to an address, or gives the existing link when that device is linked already. Rejects with `not-reachable`,
   * `network-off`, `timeout`, `version-mismatch`, `blocked`, `self-dial`, `refused`, `too-many`, `cancelled`, `identity-changed` (when
   * `expect` differs), and `protocol-error` when whoever answers there is no DistriShare. Where the connection turns out to be better than the link, as both
   * ends see it, it takes the link's place. `isBetter`: dial for that although the device is linked. `isAsked` false: nobody here wants it, it announced itself or asked for it, and
   * so it is linked only if it might dial us.
   */
  dial(address: Address, options: { signal?: AbortSignal; expect?: DeviceId; isBetter?: boolean; isAsked?: boolean }): Promise<Link>;
  /**
   * Links over a stream that was opened otherwise. `dialled`: we are the one who dials, the other end is not; `relay`: the server that carries it, or null when
   * nobody does. It replaces a link that is worse. Rejects as `dial` does, and closes the stream then.
   */
  adopt(stream: Duplex, options: { expect: DeviceId; dialled: boolean; relay: string | null; signal?: AbortSignal }): Promise<Link>;
  get(id: DeviceId): Link | undefined;
  all(): Iterable<Link>;
  /** Called once for each link that is up (hello exchanged, simultaneous dials resolved). */
  onLink(listener: (link: Link) => void): void;
  /** Networks were switched on or off, or came and went: whatever runs over one that is off, or from an address that is ours no longer, ends at once; what has been silent for a while has to be heard within seconds. */
  networksChanged(): void;
  close(): Promise<void>;
}
