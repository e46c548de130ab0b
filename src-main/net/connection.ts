import type { TLSSocket } from 'node:tls';
import { LinkMachine, type LinkEffects, type LinkEvent, type LinkMachineOptions, type Traffic } from '#main/core/link/link-machine.ts';
import { errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { decodeNumber, encodeJson, encodeNumber, FrameDecoder, type BodyFrameType, type FrameSink } from '#shared/protocol/frames.ts';
import { encodeBlockHead, type BlockRequest, type RejectReason } from '#shared/protocol/hot-frames.ts';
import type { Hello, Refusal, Refuse } from '#shared/protocol/hello.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { KiB, MiB, second, type Millis } from '#shared/units.ts';
import { SendQueue } from './send-queue.ts';

/** Frames of a connection that is up, but for those that keep it alive. Throws ProtocolError to end it. */
export interface LaneSink extends Omit<FrameSink, 'body'> {
  control(type: Exclude<BodyFrameType, 0x01 | 0x02 | 0x03 | 0x04>, body: Uint8Array): void;
  /** Called every few seconds. */
  tick(now: Millis): void;
}

export interface Adopted {
  readonly relay: string | null;
}

export interface ConnectionOptions {
  readonly socket: TLSSocket;
  /** It came about otherwise than by dialling; `relay`: the server that carries it, or null when nobody does. */
  readonly adopted: Adopted | null;
  /** How it leads to the other end, as we see it. */
  readonly path: PathKind;
  readonly remoteId: DeviceId;
  readonly machine: Pick<LinkMachineOptions, 'dialled' | 'hello' | 'admit'>;
  readonly now: () => Millis;
  /** Hellos are exchanged. Gives who takes the frames from now on. */
  readonly onUp: (remote: Hello) => LaneSink;
  /** Called once, at the end; `wasUp` tells whether `onUp` was. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

export interface ConnectionEnd {
  readonly reason: ErrorInfo;
  /** Set when the other end refused our hello. */
  readonly refusal: Refusal | null;
  readonly wasUp: boolean;
}

/** How long an ended connection may take to write its last words. */
const lingerMs = second / 2;
/** A peer that lets this much wait does not read what it asked for. */
const unreadBytes = 32 * MiB;
/** With this much waiting, pings stay unanswered: a flood of them must not pile up. */
const pongsWaitBytes = 64 * KiB;

/** One TLS connection: bytes to frames, frames to bytes, and the machine that says when it is up and when it is over. */
export class Connection implements LinkEffects, FrameSink {
  readonly remoteId: DeviceId;
  readonly socket: TLSSocket;
  readonly dialled: boolean;
  readonly adopted: Adopted | null;
  readonly path: PathKind;
  /** Resolves when the socket is closed and nothing of the connection is left. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #decoder = new FrameDecoder(this);
  readonly #queue: SendQueue;
  readonly #machine: LinkMachine;
  #lane: LaneSink | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the machine wants to be stepped; infinity: not at all. */
  #wake: Millis = Infinity;
  /** What the timer was set to. */
  #wait: Millis = 0;
  #received = 0;
  #receivedAt: Millis = 0;
  #ended = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.remoteId = options.remoteId;
    this.dialled = options.machine.dialled;
    this.adopted = options.adopted;
    this.path = options.path;
    this.#queue = new SendQueue(options.socket);
    this.#machine = new LinkMachine(options.machine);
    this.socket.on('end', () => { this.fail({ code: 'link-closed' }); });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#stopTimer();
        this.#finish({ code: 'link-closed' }, null);
        this.#queue.destroyed();
        resolve();
      });
    });
  }

  /** The handshake is done: the exchange of hellos begins. */
  start(): void {
    this.#step({ kind: 'opened' });
  }

  /** Bytes from the socket; whoever reads it calls this. */
  readonly take = (chunk: Uint8Array): void => {
    this.#received += chunk.length;
    this.#receivedAt = this.#options.now();
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.#broken(error);
    }
  };

  get isRelayed(): boolean {
    return this.path === 'relay';
  }
  get latencyMs(): Millis | null {
    return this.#machine.latencyMs;
  }
  get queueMs(): Millis | null {
    return this.#machine.queueMs(this.#options.now());
  }

  get risingMs(): Millis | null {
    return this.#machine.risingMs(this.#options.now());
  }
  /** Measures the round trip now. */
  probe(): void {
    this.#step({ kind: 'probe' });
  }
  /** Our networks are other ones now: after some silence, whoever is at the other end has to answer soon. */
  networkChanged(): void {
    this.#step({ kind: 'network-changed', traffic: this.#traffic() });
  }
  /** Payload bytes that arrived so far. */
  get payloadBytes(): number {
    return this.#decoder.payloadBytes;
  }
  /** How long ago the last bytes came: while a block is arriving, they are its. */
  get quietMs(): Millis {
    return this.#options.now() - this.#receivedAt;
  }
  /** Bytes of frames that the other end has not taken yet. */
  get queuedBytes(): number {
    return this.#queue.queuedBytes;
  }

  send(frame: Uint8Array, flushed: (() => void) | null = null): void {
    this.#queue.frame(frame, flushed);
    if (this.#queue.queuedBytes > unreadBytes) this.fail({ code: 'too-many' });
  }

  sendBlock(requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed: boolean): Promise<boolean> {
    return this.#queue.block(requestId, encodeBlockHead(requestId, payload.length, pieceHash, isCompressed), payload);
  }

  /** Blocks go out evenly, at no more than so many bytes/s; null: as fast as the system takes them. */
  pace(bytesPerSecond: number | null): void {
    this.#queue.pace(bytesPerSecond);
  }

  /** Takes a block back that has not begun to go out. */
  dropBlock(requestId: number): void {
    this.#queue.dropBlock(requestId);
  }

  /** The buffer of an arriving block belongs to its owner again. */
  dropPayload(requestId: number): void {
    this.#decoder.dropPayload(requestId);
  }

  /** How much has come of a block that is arriving, or was when the connection ended. */
  arrivedOf(requestId: number): number {
    return this.#decoder.arrivedOf(requestId);
  }

  /** Ends it after what is queued has gone out. */
  end(reason: ErrorInfo, refusal: Refusal | null = null): void {
    if (!this.#finish(reason, refusal)) return;
    this.#timer = setTimeout(() => { this.socket.destroy(); }, lingerMs);
    // Half-closed, not destroyed: what the other end has still sent would make the system throw our last words away.
    this.#queue.end(() => { this.socket.end(); });
  }

  /** Ends it at once. */
  fail(reason: ErrorInfo): void {
    this.#finish(reason, null);
    this.socket.destroy();
  }

  // What the machine wants.
  sendHello(hello: Hello): void {
    this.send(encodeJson(frameType.hello, hello));
  }
  sendRefuse(refuse: Refuse): void {
    this.send(encodeJson(frameType.refuse, refuse));
  }
  sendPing(nonce: number): void {
    this.send(encodeNumber(frameType.ping, nonce));
  }
  sendPong(nonce: number): void {
    if (this.#queue.queuedBytes < pongsWaitBytes) this.send(encodeNumber(frameType.pong, nonce));
  }
  up(remote: Hello): void {
    this.#decoder.greeted();
    this.#lane = this.#options.onUp(remote);
  }

  // What the decoder tells.
  body(type: BodyFrameType, body: Uint8Array): void {
    switch (type) {
      case frameType.hello: this.#step({ kind: 'hello', body }); break;
      case frameType.refuse: this.#step({ kind: 'refuse', body }); break;
      case frameType.ping: this.#step({ kind: 'ping', nonce: decodeNumber(body) }); break;
      case frameType.pong: this.#step({ kind: 'pong', nonce: decodeNumber(body) }); break;
      case frameType.request:
      case frameType.response:
      case frameType.notice:
      case frameType.cancelRequest:
      case frameType.join:
      case frameType.has:
      case frameType.leave:
      case frameType.choke:
        this.#lane?.control(type, body);
    }
  }
  blockRequest(request: BlockRequest): void {
    this.#lane?.blockRequest(request);
  }
  cancelBlock(requestId: number): void {
    this.#lane?.cancelBlock(requestId);
  }
  rejectBlock(requestId: number, reason: RejectReason): void {
    this.#lane?.rejectBlock(requestId, reason);
  }
  blockBegin(requestId: number, payloadBytes: number, pieceHash: Uint8Array | null, isCompressed: boolean): Uint8Array | null {
    return this.#lane?.blockBegin(requestId, payloadBytes, pieceHash, isCompressed) ?? null;
  }
  blockEnd(requestId: number): void {
    this.#lane?.blockEnd(requestId);
  }

  #step(event: LinkEvent): void {
    this.#machine.step(this.#options.now(), event, this);
    const wake = this.#machine.nextWake() ?? Infinity;
    if (this.#ended || wake === this.#wake) return;
    this.#wake = wake;
    if (wake === Infinity) this.#stopTimer();
    else this.#startTimer(Math.max(0, Math.ceil(wake - this.#options.now())));
  }

  /** The same timer as long as the wait is the same: a thousand links that say nothing leave no garbage. */
  #startTimer(wait: Millis): void {
    if (this.#timer !== null && this.#wait === wait) {
      this.#timer.refresh();
      return;
    }
    this.#stopTimer();
    this.#wait = wait;
    this.#timer = setTimeout(this.#tick, wait);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  readonly #tick = (): void => {
    this.#wake = Infinity;
    try {
      this.#step({ kind: 'tick', traffic: this.#traffic() });
      if (!this.#ended) this.#lane?.tick(this.#options.now());
    } catch (error) {
      this.#broken(error);
    }
  };

  #traffic(): Traffic {
    return { received: this.#received, frames: this.#decoder.frames, midFrame: this.#decoder.midFrame };
  }

  /** Hostile bytes end the connection; so does a mistake of ours, which must not end the program. */
  #broken(error: unknown): void {
    this.fail(error instanceof ProtocolError ? { code: 'protocol-error', params: { detail: error.message } } : errorInfo(error));
  }

  #finish(reason: ErrorInfo, refusal: Refusal | null): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#stopTimer();
    this.#decoder.stop();
    this.#options.onEnd({ reason, refusal, wasUp: this.#lane !== null });
    return true;
  }
}
