import { assertNever } from '#shared/assert.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import type { Hello, Refusal, Refuse } from '#shared/protocol/hello.ts';
import { protocolRange, readHello, readRefuse, type ProtocolRange } from '#shared/protocol/hello.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { second, type Millis } from '#shared/units.ts';
import { RoundTrip } from './round-trip.ts';

/** What the counters of a connection say; read at every tick instead of at every byte. */
export interface Traffic {
  /** Bytes received so far. */
  readonly received: number;
  /** Frames begun so far, and whether the last one is still arriving. */
  readonly frames: number;
  readonly midFrame: boolean;
}

export type LinkEvent =
  /** The TLS handshake is done and says who the other end is. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'hello'; readonly body: Uint8Array }
  | { readonly kind: 'refuse'; readonly body: Uint8Array }
  | { readonly kind: 'ping'; readonly nonce: number }
  | { readonly kind: 'pong'; readonly nonce: number }
  /** The round trip is to be measured now, unless it is being measured. */
  | { readonly kind: 'probe' }
  /** Our networks are other ones now, or are there again. */
  | { readonly kind: 'network-changed'; readonly traffic: Traffic }
  | { readonly kind: 'tick'; readonly traffic: Traffic };

/** What a connection must do. Nothing is called after `end`. */
export interface LinkEffects {
  sendHello(hello: Hello): void;
  sendRefuse(refuse: Refuse): void;
  sendPing(nonce: number): void;
  sendPong(nonce: number): void;
  /** Hellos are exchanged: frames of `version` may flow. */
  up(remote: Hello, version: number): void;
  /** The connection is over; what is queued may still go out. `refusal` is set when the other end refused. */
  end(reason: ErrorInfo, refusal: Refusal | null): void;
}

export interface LinkMachineOptions {
  readonly dialled: boolean;
  /** Our own hello, asked for when it goes out. `theirs` is what it answers, null when we speak first. */
  readonly hello: (theirs: Hello | null) => Hello;
  /** Whether their hello is welcome; asked once, before it is answered or taken as an answer. */
  readonly admit: (theirs: Hello) => Refusal | null;
  readonly protocol?: ProtocolRange;
  readonly limits?: { readonly helloMs: Millis; readonly keepAliveMs: Millis; readonly deadAfterMs: Millis; readonly minFrameBytesPerSecond: number };
}

type State = 'new' | 'greeting' | 'up' | 'ended';

/** How often the counters are read, as a share of the time between pings. */
const ticksPerPing = 3;
/** A ping is not waited for any longer than this before the next probe goes out. */
const lostPingMs = 3 * second;
/** After a change of our networks a link that has been silent for this long is doubted. What was cut for less comes back by itself about as soon. */
const doubtedAfterMs = 5 * second;

/**
 * One connection from its TLS handshake to its end. Whoever dialled speaks first, so that a listener says nothing about
 * itself to strangers; it answers with its own hello or with a refusal. Afterwards a ping every `keepAliveMs` keeps
 * the connection alive and measures the round trip. Silence, and a frame that trickles, end it.
 *
 * While a network is away, TCP tries again after ever longer waits: after half a minute of it the next try may be half a minute off. So when networks
 * have changed, a link that was silent has to answer a ping soon, or it ends and is made anew.
 */
export class LinkMachine {
  readonly #options: LinkMachineOptions;
  readonly #limits: NonNullable<LinkMachineOptions['limits']>;
  readonly #roundTrip = new RoundTrip();
  #state: State = 'new';
  /** Infinity: nothing is due. Always a number, because one that may be null is an object of its own at every tick. */
  #wake: Millis = Infinity;
  #pingAt = 0;
  /** Until when something has to be heard; infinity: only what holds always. */
  #doubtUntil: Millis = Infinity;
  #received = 0;
  #receivedAt = 0;
  /** The frame that was still arriving at the last tick. */
  #slow: { readonly frame: number; readonly since: Millis; readonly received: number } | null = null;

  constructor(options: LinkMachineOptions) {
    this.#options = options;
    this.#limits = options.limits ?? limits.link;
  }

  get latencyMs(): Millis | null {
    return this.#roundTrip.smoothedMs;
  }

  /** What the round trip takes longer now than without a queue on the path; null while that is not known. */
  queueMs(now: Millis): Millis | null {
    return this.#roundTrip.queueMs(now);
  }

  risingMs(now: Millis): Millis | null {
    return this.#roundTrip.risingMs(now);
  }

  /** When a `tick` is due, or null when there is nothing to wait for. */
  nextWake(): Millis | null {
    return this.#state === 'ended' || this.#wake === Infinity ? null : this.#wake;
  }

  step(now: Millis, event: LinkEvent, out: LinkEffects): void {
    if (this.#state === 'ended') return;
    switch (event.kind) {
      case 'opened': this.#opened(now, out); break;
      case 'hello': this.#hello(now, event.body, out); break;
      case 'refuse': this.#refused(event.body, out); break;
      case 'ping': out.sendPong(event.nonce); break;
      case 'pong': this.#roundTrip.answered(now, event.nonce); break;
      case 'probe': if ((this.#roundTrip.waitingMs(now) ?? Infinity) > lostPingMs) this.#ping(now, out); break;
      case 'network-changed': this.#doubt(now, event.traffic, out); break;
      case 'tick': this.#tick(now, event.traffic, out); break;
      default: assertNever(event);
    }
  }

  #opened(now: Millis, out: LinkEffects): void {
    this.#state = 'greeting';
    this.#wake = now + this.#limits.helloMs;
    if (this.#options.dialled) out.sendHello(this.#options.hello(null));
  }

  #hello(now: Millis, body: Uint8Array, out: LinkEffects): void {
    if (this.#state !== 'greeting') throw new ProtocolError('unexpected-frame', 'second hello');
    const ours = this.#options.protocol ?? protocolRange;
    const reading = readHello(body, ours);
    if (reading.kind === 'version-mismatch') {
      if (!this.#options.dialled) out.sendRefuse({ code: 'version-mismatch', protocol: ours });
      this.#end(versionMismatch(ours, reading.protocol), null, out);
      return;
    }
    const refusal = this.#options.admit(reading.hello);
    if (refusal !== null) {
      if (!this.#options.dialled) out.sendRefuse({ code: refusal });
      this.#end(refusalReason(refusal, ours, undefined), null, out);
      return;
    }
    if (!this.#options.dialled) out.sendHello(this.#options.hello(reading.hello));
    this.#state = 'up';
    this.#receivedAt = now;
    this.#plan(now);
    out.up(reading.hello, reading.version);
    this.#ping(now, out);
  }

  #refused(body: Uint8Array, out: LinkEffects): void {
    if (this.#state !== 'greeting' || !this.#options.dialled) throw new ProtocolError('unexpected-frame', 'refuse');
    const refuse = readRefuse(body);
    this.#end(refusalReason(refuse.code, this.#options.protocol ?? protocolRange, refuse.protocol), refuse.code, out);
  }

  #tick(now: Millis, traffic: Traffic, out: LinkEffects): void {
    if (this.#state !== 'up') {
      if (now >= this.#wake) this.#end({ code: 'timeout' }, null, out);
      return;
    }
    this.#listen(now, traffic);
    if (now >= this.#doubtUntil || now - this.#receivedAt >= this.#limits.deadAfterMs || this.#trickles(now, traffic)) {
      this.#end({ code: 'timeout' }, null, out);
      return;
    }
    this.#plan(now);
    if (now - this.#pingAt >= this.#limits.keepAliveMs) this.#ping(now, out);
  }

  #listen(now: Millis, { received }: Traffic): void {
    if (received === this.#received) return;
    this.#received = received;
    this.#receivedAt = now;
    this.#doubtUntil = Infinity;
  }

  #doubt(now: Millis, traffic: Traffic, out: LinkEffects): void {
    if (this.#state !== 'up') return;
    this.#listen(now, traffic);
    if (now - this.#receivedAt < doubtedAfterMs || this.#doubtUntil !== Infinity) return;
    this.#doubtUntil = now + lostPingMs;
    this.#plan(now);
    this.#ping(now, out);
  }

  /** Whether one and the same frame has been arriving for long and slower than the least rate. */
  #trickles(now: Millis, traffic: Traffic): boolean {
    if (!traffic.midFrame) {
      this.#slow = null;
      return false;
    }
    if (this.#slow?.frame !== traffic.frames) {
      this.#slow = { frame: traffic.frames, since: now, received: traffic.received };
      return false;
    }
    const elapsed = now - this.#slow.since;
    return elapsed >= this.#limits.deadAfterMs && traffic.received - this.#slow.received < (elapsed / 1000) * this.#limits.minFrameBytesPerSecond;
  }

  #ping(now: Millis, out: LinkEffects): void {
    if (this.#state !== 'up') return;
    this.#pingAt = now;
    out.sendPing(this.#roundTrip.sent(now));
  }

  #plan(now: Millis): void {
    this.#wake = Math.min(now + this.#limits.keepAliveMs / ticksPerPing, this.#doubtUntil);
  }

  #end(reason: ErrorInfo, refusal: Refusal | null, out: LinkEffects): void {
    this.#state = 'ended';
    out.end(reason, refusal);
  }
}

const versionMismatch = (ours: ProtocolRange, theirs: ProtocolRange): ErrorInfo => ({
  code: 'version-mismatch',
  params: { ours: `${ours.min}-${ours.max}`, theirs: `${theirs.min}-${theirs.max}` },
});

/** A refusal as the error a user meets. `duplicate` never reaches one: the other connection becomes the link. */
function refusalReason(refusal: Refusal, ours: ProtocolRange, theirs: ProtocolRange | undefined): ErrorInfo {
  if (refusal === 'duplicate') return { code: 'link-closed' };
  if (refusal === 'version-mismatch' && theirs) return versionMismatch(ours, theirs);
  return { code: refusal };
}
