import type { PathRank } from '#main/core/link/path-rank.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Vpn } from '#shared/model/network.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { noticeSchema, type ControlMethod, type ControlParams, type ControlResult, type Notice } from '#shared/protocol/control.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { decodeJson, decodeNumber, encodeJson } from '#shared/protocol/frames.ts';
import type { ControlHello } from '#shared/protocol/hello.ts';
import type { BlockWanted, RejectReason } from '#shared/protocol/hot-frames.ts';
import { decodeChoke, decodeHas, decodeJoin, decodeLeave, encodeChoke, encodeHas, encodeJoin, encodeLeave, type WirePieces } from '#shared/protocol/swarm-frames.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { second, type Bytes, type Millis } from '#shared/units.ts';
import * as z from 'zod';
import type { Address, BlockProgress, BlockSink, Link, LinkHandler, RemoteDevice } from '../node/ports/links.ts';
import { BlockExchange } from './block-exchange.ts';
import type { Connection } from './connection.ts';
import type { Decompressor } from './decompressor.ts';
import { IncomingCalls, OutgoingCalls } from './control-calls.ts';
import { Lane, type ControlFrames } from './lane.ts';
import { networkOf } from './networks.ts';
import { ownInterfaces } from './own-interfaces.ts';
import { dialableHost } from './path-kind.ts';
import { RateMeter } from './rate-meter.ts';

/** After a bulk connection could not be made, how long until the next attempt. */
const laneRetryMs = 10 * second;

export interface TlsLinkOptions {
  readonly connection: Connection;
  readonly rank: PathRank;
  readonly hello: ControlHello;
  /** What we dialled; null when they did. */
  readonly dialledAddress: Address | null;
  readonly handler: LinkHandler;
  readonly decompressor: Pick<Decompressor, 'decompress'>;
  readonly now: () => Millis;
  /** Dials one more connection for this link; `attach` is called on success. */
  readonly dialLane: (link: TlsLink, address: Address, signal: AbortSignal) => Promise<void>;
  readonly onClosed: (link: TlsLink, reason: ErrorInfo) => void;
}

const noticeKinds: ReadonlySet<string> = new Set(noticeSchema.options.map((option) => option.shape.kind.value));
const anyNoticeSchema = z.object({ kind: z.string() });

/** A link over TLS connections: what was said on the control connection, and blocks over all of them. */
export class TlsLink implements Link {
  readonly remote: RemoteDevice;
  readonly session: string;
  readonly address: Address;
  readonly takesLinks: Address | null;
  readonly path: PathKind;
  readonly rank: PathRank;
  readonly vpn: Vpn | null;
  readonly relay: string | null;
  readonly dialled: boolean;
  readonly knowsCompression: boolean;
  readonly knowsBatches: boolean;
  readonly #options: TlsLinkOptions;
  readonly #connection: Connection;
  readonly #blocks: BlockExchange;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  readonly #down: RateMeter;
  readonly #up: RateMeter;
  readonly #closing = new AbortController();
  readonly #control: Lane;
  #nextLane = 1;
  #lanesDialled = 0;
  #laneRetryAt = 0;
  #closed = false;
  #pace: number | null = null;

  constructor(options: TlsLinkOptions) {
    const { connection, hello, dialledAddress, handler } = options;
    const { localAddress = '', remoteAddress = '', remotePort = 0 } = connection.socket;
    this.#options = options;
    this.#connection = connection;
    this.remote = { id: connection.remoteId, name: hello.name, platform: hello.platform, version: hello.version, listenPort: hello.listenPort };
    this.session = hello.session;
    this.dialled = connection.dialled;
    this.relay = connection.adopted?.relay ?? null;
    this.knowsCompression = hello.features.includes('brotli');
    this.knowsBatches = hello.features.includes('batches');
    const interfaces = ownInterfaces();
    this.address = { host: dialableHost(localAddress, remoteAddress, interfaces), port: remotePort };
    this.path = connection.path;
    this.rank = options.rank;
    this.vpn = this.path === 'overlay' ? (networkOf(localAddress, interfaces)?.vpn ?? null) : null;
    this.takesLinks = connection.adopted !== null ? null : dialledAddress ?? (hello.listenPort === null ? null : { host: this.address.host, port: hello.listenPort });
    this.#blocks = new BlockExchange({
      wanted: (lane, request) => { handler.blockWanted(this, lane, request); },
      cancelled: (lane, requestId) => { handler.blockCancelled(this, lane, requestId); },
    }, options.decompressor, options.now);
    this.#outgoing = new OutgoingCalls((frame) => { connection.send(frame); });
    this.#incoming = new IncomingCalls({
      send: (frame, flushed) => { connection.send(frame, flushed); },
      queuedBytes: () => connection.queuedBytes,
      serve: (method, params, signal) => handler.request(this, method, params, signal),
    });
    this.#control = new Lane(0, connection, this.#blocks, this.#controlFrame);
    this.#blocks.add(this.#control);
    this.#down = new RateMeter(options.now());
    this.#up = new RateMeter(options.now());
  }

  /** Takes the frames of the control connection. */
  get controlLane(): Lane {
    return this.#control;
  }
  get isClosed(): boolean {
    return this.#closed;
  }
  get latencyMs(): number | null {
    return this.#connection.latencyMs;
  }
  get queueMs(): number | null {
    return this.#connection.queueMs;
  }
  get risingMs(): number | null {
    return this.#connection.risingMs;
  }
  probe(): void {
    if (!this.#closed) this.#connection.probe();
  }
  get moved(): { readonly down: Bytes; readonly up: Bytes } {
    return { down: this.#blocks.receivedBytes, up: this.#blocks.sentBytes };
  }
  pace(bytesPerSecond: number | null): void {
    this.#pace = bytesPerSecond;
    for (const lane of this.#blocks.lanes) this.#paceLane(lane);
  }
  get rates(): { readonly down: number; readonly up: number } {
    const now = this.#options.now();
    return { down: this.#down.read(now, this.#blocks.receivedBytes), up: this.#up.read(now, this.#blocks.sentBytes) };
  }
  get arrivalRate(): number | null {
    return this.#blocks.arrivalRate;
  }
  get bulkLanes(): number {
    return this.#blocks.bulkLanes;
  }

  request<Method extends ControlMethod>(method: Method, params: ControlParams<Method>, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<ControlResult<Method>> {
    return this.#outgoing.request(method, params, options.signal, options.timeoutMs ?? limits.link.requestTimeoutMs);
  }
  notify(notice: Notice): void {
    if (!this.#closed) this.#connection.send(encodeJson(frameType.notice, notice));
  }

  join(key: Uint8Array, pieces: WirePieces): void {
    if (!this.#closed) this.#connection.send(encodeJoin(key, pieces));
  }
  has(key: Uint8Array, piece: number): void {
    if (!this.#closed) this.#connection.send(encodeHas(key, piece));
  }
  leave(key: Uint8Array): void {
    if (!this.#closed) this.#connection.send(encodeLeave(key));
  }
  choke(choked: boolean): void {
    if (!this.#closed) this.#connection.send(encodeChoke(choked));
  }

  requestBlock(request: BlockWanted, sink: BlockSink): number {
    return this.#blocks.ask(request, sink);
  }
  blockProgress(requestId: number): BlockProgress {
    return this.#blocks.progress(requestId);
  }
  cancelBlock(requestId: number): void {
    this.#blocks.cancel(requestId);
  }
  sendBlock(lane: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed = false): Promise<boolean> {
    return this.#blocks.send(lane, requestId, payload, pieceHash, isCompressed);
  }
  rejectBlock(lane: number, requestId: number, reason: RejectReason): void {
    this.#blocks.reject(lane, requestId, reason);
  }

  wantLanes(count: number): void {
    const address = this.takesLinks;
    if (address === null) return;
    const wanted = Math.min(count, limits.link.bulkConnectionsPerPeer);
    while (!this.#closed && this.#blocks.dialledLanes + this.#lanesDialled < wanted && this.#options.now() >= this.#laneRetryAt) {
      this.#lanesDialled++;
      this.#options.dialLane(this, address, this.#closing.signal).then(
        () => { this.#lanesDialled--; },
        () => {
          // A lane only makes things faster: without it blocks use what there is, and later it is tried again.
          this.#lanesDialled--;
          this.#laneRetryAt = this.#options.now() + laneRetryMs;
        },
      );
    }
  }

  /** A bulk connection of this link is up. */
  attach(connection: Connection): Lane {
    const lane = new Lane(this.#nextLane++, connection, this.#blocks, null);
    this.#blocks.add(lane);
    this.#paceLane(lane);
    return lane;
  }

  /** Not the control connection: there pings would wait for a block that takes its time. */
  #paceLane({ number, connection }: Lane): void {
    if (number > 0) connection.pace(this.#pace);
  }

  /** A connection of this link has ended; with the control connection the link ends. */
  detach(connection: Connection, reason: ErrorInfo): void {
    if (connection === this.#connection) {
      this.close(reason);
      return;
    }
    for (const lane of [...this.#blocks.lanes]) if (lane.connection === connection) this.#blocks.remove(lane);
  }

  exportKey(label: string, bytes: number): Uint8Array {
    return this.#connection.socket.exportKeyingMaterial(bytes, label, Buffer.alloc(0));
  }

  close(reason: ErrorInfo): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.abort();
    this.#connection.end(reason);
    for (const lane of [...this.#blocks.lanes]) {
      this.#blocks.remove(lane);
      lane.connection.end(reason);
    }
    this.#outgoing.close();
    this.#incoming.close();
    this.#options.onClosed(this, reason);
    this.#options.handler.closed(this, reason);
  }

  readonly #controlFrame: ControlFrames = (type, body) => {
    switch (type) {
      case frameType.request: this.#incoming.request(body); break;
      case frameType.response: this.#outgoing.answer(body); break;
      case frameType.cancelRequest: this.#incoming.cancel(decodeNumber(body)); break;
      case frameType.notice: this.#notice(body); break;
      case frameType.join: this.#options.handler.joined(this, decodeJoin(body)); break;
      case frameType.has: this.#options.handler.has(this, decodeHas(body)); break;
      case frameType.leave: this.#options.handler.left(this, decodeLeave(body)); break;
      case frameType.choke: this.#options.handler.choked(this, decodeChoke(body));
    }
  };

  #notice(body: Uint8Array): void {
    const value = decodeJson(body);
    const notice = noticeSchema.safeParse(value);
    if (notice.success) {
      this.#options.handler.notice(this, notice.data);
      return;
    }
    const any = anyNoticeSchema.safeParse(value);
    // A kind of a later version means nothing to us.
    if (!any.success || noticeKinds.has(any.data.kind)) throw new ProtocolError('bad-json', 'notice');
  }
}
