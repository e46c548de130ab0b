import { assertNever } from '#shared/assert.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import { minute, second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';

export type ServerEvent =
  /** It greeted us. `registered`: it still knows us, from before. */
  | { readonly type: 'up'; readonly heartbeatMs: Millis; readonly registered: boolean }
  /** It answered a heartbeat. */
  | { readonly type: 'heartbeat'; readonly registered: boolean }
  /** It knows where we are; what we share is being told. */
  | { readonly type: 'accepted' }
  /** It knows all there is. */
  | { readonly type: 'registered' }
  /** It would not take all or the rest of it. `retryAfterMs`: when it may. */
  | { readonly type: 'refused'; readonly error: ErrorInfo; readonly retryAfterMs: Millis | null }
  /** There is no connection, or none any more. */
  | { readonly type: 'down'; readonly error: ErrorInfo }
  /** It stops, and asks us to come back within a time. */
  | { readonly type: 'goodbye'; readonly withinMs: Millis }
  /** What it should know of us has changed. */
  | { readonly type: 'news' }
  /** Interfaces changed or the machine woke up: what failed before may work now, and we are elsewhere. */
  | { readonly type: 'network-changed' }
  | { readonly type: 'tick' };

export interface ServerSink {
  /** Answer with `up` or `down`. */
  connect(): void;
  disconnect(): void;
  /** Answer with `registered` after `accepted`, or with `refused`, at once or after `accepted`. */
  register(): void;
  heartbeat(): void;
}

const backoffFirstMs = 1 * second;
const backoffMaxMs = 5 * minute;
/** A connection that has to say hello takes no longer. */
const connectMs = 15 * second;
/** News are collected for this long. */
const newsMs = 500;
/** A server that refuses without saying for how long is asked again after this. */
const refusedMs = 1 * minute;
/** Heartbeats that may stay without an answer before the connection counts as dead. */
const missedHeartbeats = 2;
/** Limits for what a server may wish. */
const leastHeartbeatMs = 1 * second;
const mostHeartbeatMs = 5 * minute;

/**
 * Keeps one bootstrap server: connects, registers, sends heartbeats, registers again when something is new or the server
 * has forgotten us, and comes back after failures with growing waits. Pure.
 */
export class ServerMachine {
  readonly #random: () => number;
  state: 'connecting' | 'online' | 'waiting' = 'connecting';
  since: Millis;
  error: ErrorInfo | null = null;
  /** When something is due; null: nothing is. */
  nextAt: Millis | null;
  latencyMs: Millis | null = null;
  #failures = 0;
  #isConnecting = false;
  #isUp = false;
  #heartbeatMs: Millis = 10 * second;
  #heartbeatAt: Millis | null = null;
  #askedAt: Millis | null = null;
  #unanswered = 0;
  /** When to register; null: nothing is new, or it is being done. */
  #registerAt: Millis | null = null;
  #isRegistering = false;
  #hasNews = false;

  constructor(now: Millis, random: () => number) {
    this.#random = random;
    this.since = now;
    this.nextAt = now;
  }

  step(now: Millis, event: ServerEvent, out: ServerSink): void {
    switch (event.type) {
      case 'up':
        this.#isUp = true;
        this.#isConnecting = false;
        this.#heartbeatMs = Math.min(Math.max(event.heartbeatMs, leastHeartbeatMs), mostHeartbeatMs);
        this.#heartbeatAt = now + this.#heartbeatMs;
        this.#unanswered = 0;
        // What changed while it was away is not known there: registering is cheap.
        this.#registerAt = now;
        break;
      case 'heartbeat':
        if (this.#askedAt !== null) this.latencyMs = now - this.#askedAt;
        this.#askedAt = null;
        this.#unanswered = 0;
        if (event.registered || this.#isRegistering) break;
        this.#registerAt ??= now;
        this.#enter(now, 'connecting');
        break;
      case 'accepted':
        this.#failures = 0;
        if (this.state !== 'online') this.error = null;
        this.#enter(now, 'online');
        break;
      case 'registered':
        this.#isRegistering = false;
        this.error = null;
        if (this.#hasNews) this.#registerForNews(now);
        break;
      case 'refused':
        this.#isRegistering = false;
        this.error = event.error;
        this.#registerAt = now + (event.retryAfterMs ?? refusedMs);
        if (this.#hasNews) this.#registerForNews(now);
        break;
      case 'down': this.#down(now, event.error, null); break;
      case 'goodbye':
        out.disconnect();
        this.#down(now, { code: 'link-closed' }, this.#random() * Math.min(event.withinMs, backoffMaxMs) + backoffFirstMs);
        break;
      case 'network-changed':
        this.#tryAgain(now);
        this.#noteNews(now);
        break;
      case 'news': this.#noteNews(now); break;
      case 'tick': break;
      default: assertNever(event);
    }
    this.#act(now, out);
  }

  #act(now: Millis, out: ServerSink): void {
    if (!this.#isUp) {
      if (this.nextAt === null || now < this.nextAt) return;
      if (!this.#isConnecting) {
        this.#isConnecting = true;
        this.#enter(now, 'connecting');
        this.nextAt = now + connectMs;
        return out.connect();
      }
      out.disconnect();
      return this.#down(now, { code: 'timeout' }, null);
    }
    if (this.#registerAt !== null && now >= this.#registerAt) {
      this.#registerAt = null;
      this.#isRegistering = true;
      this.#hasNews = false;
      out.register();
    }
    if (this.#heartbeatAt !== null && now >= this.#heartbeatAt) {
      if (this.#unanswered >= missedHeartbeats) {
        out.disconnect();
        return this.#down(now, { code: 'timeout' }, null);
      }
      this.#heartbeatAt = now + this.#heartbeatMs;
      this.#unanswered++;
      this.#askedAt = now;
      out.heartbeat();
    }
    this.nextAt = Math.min(this.#registerAt ?? Infinity, this.#heartbeatAt ?? Infinity);
  }

  /** Not at the same moment as everybody else whose network is back. */
  #tryAgain(now: Millis): void {
    if (this.state !== 'waiting' || this.nextAt === null) return;
    this.#failures = 0;
    this.nextAt = Math.min(this.nextAt, now + this.#random() * second);
  }

  #noteNews(now: Millis): void {
    this.#hasNews = true;
    if (this.#isUp && !this.#isRegistering) this.#registerForNews(now);
  }

  /** News need not wait until a server takes again what it refused; where it took nothing at all, they do. */
  #registerForNews(now: Millis): void {
    const soon = now + newsMs;
    this.#registerAt = this.state === 'online' ? Math.min(this.#registerAt ?? Infinity, soon) : (this.#registerAt ?? soon);
  }

  #down(now: Millis, error: ErrorInfo, waitMs: Millis | null): void {
    this.#isUp = false;
    this.#isConnecting = false;
    this.#isRegistering = false;
    this.#registerAt = null;
    this.#heartbeatAt = null;
    this.latencyMs = null;
    this.error = error;
    const wait = waitMs ?? Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(this.#failures, 10)) * (1 - this.#random() / 4);
    this.#failures++;
    this.nextAt = now + Math.ceil(wait);
    this.#enter(now, 'waiting');
  }

  #enter(now: Millis, state: ServerMachine['state']): void {
    if (this.state === state) return;
    this.state = state;
    this.since = now;
  }
}
