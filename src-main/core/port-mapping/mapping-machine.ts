import { assertNever } from '#shared/assert.ts';
import { hour, minute } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';

/** What a router granted. */
export interface Lease {
  readonly lifetimeMs: Millis;
  /** Renewing it costs the router a packet or two. */
  readonly isCheap: boolean;
}

/** Why there is none: no router does it, or one said why not. */
export interface Refusal {
  readonly kind: 'none' | 'failed';
  readonly router: string;
  readonly reason: string;
}

export type MappingEvent<L extends Lease> =
  /** Whether anybody outside would look for us. */
  | { readonly type: 'wanted'; readonly wanted: boolean }
  /** Routers that can be asked; the same key: the same routers, and the same addresses of ours. Null: there is none. */
  | { readonly type: 'routers'; readonly key: string | null }
  | { readonly type: 'granted'; readonly attempt: number; readonly lease: L }
  | { readonly type: 'refused'; readonly attempt: number; readonly refusal: Refusal }
  /** Somebody wants to know now. */
  | { readonly type: 'retry' }
  | { readonly type: 'tick' };

export interface MappingSink<L extends Lease> {
  /** Answer with `granted` or `refused`. `lease`: what is to be renewed. */
  ask(attempt: number, lease: L | null): void;
  /** Nobody needs it any more. */
  release(lease: L): void;
  changed(): void;
}

export type MappingState<L extends Lease> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'mapped'; readonly lease: L; readonly until: Timestamp }
  | { readonly kind: 'waiting'; readonly refusal: Refusal; readonly nextAt: Timestamp };

/** A router that refuses is asked again after this, twice as long each time: what it can do changes seldom, but people switch it on. */
const againFirstMs = 5 * minute;
const againMaxMs = 1 * hour;
/** A renewal that fails is tried again this often: the router may be starting anew. */
const renewAgainMs = 1 * minute;
/** Renewed when half of it is over (RFC 6886, 3.3; RFC 6887, 11.2.1), and never more often than this, whatever a router says. */
const leastRenewMs = 1 * minute;
const mostRenewMs = 1 * hour;
/**
 * A router that was started anew, or got another address, has forgotten it and tells nobody. Its epoch would say so (RFC 6886, 3.6; RFC 6887, 8.5), but asking for that costs
 * as many packets as renewing, which in the same answer brings back what was lost.
 */
const cheapRenewMs = 2 * minute;

/**
 * When a router is asked to forward our port, when that is renewed and when it is given up. At most one question is under
 * way, and what an outdated one brings is given back at once. Pure.
 */
export class MappingMachine<L extends Lease> {
  state: MappingState<L> = { kind: 'idle' };
  /** When to step with a tick; null: nothing is due. */
  nextWake: Timestamp | null = null;
  #wanted = false;
  #key: string | null = null;
  #attempt = 0;
  #isAsking = false;
  #refusals = 0;

  get isWanted(): boolean {
    return this.#wanted;
  }

  get hasRouter(): boolean {
    return this.#key !== null;
  }

  /** Whether an answer is awaited. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  step(now: Timestamp, event: MappingEvent<L>, out: MappingSink<L>): void {
    switch (event.type) {
      case 'wanted':
        if (event.wanted === this.#wanted) break;
        this.#wanted = event.wanted;
        this.#startAnew(out);
        break;
      case 'routers':
        if (event.key === this.#key) break;
        this.#key = event.key;
        this.#startAnew(out);
        break;
      case 'granted':
        if (event.attempt === this.#attempt && this.#isAsking) this.#granted(now, event.lease, out);
        else out.release(event.lease);
        break;
      case 'refused':
        if (event.attempt === this.#attempt && this.#isAsking) this.#refused(now, event.refusal, out);
        break;
      case 'retry':
        if (this.state.kind === 'waiting') this.nextWake = now;
        break;
      case 'tick': break;
      default: assertNever(event);
    }
    this.#act(now, out);
  }

  /** What is granted already is of no use any more, and what is asked for will not be. */
  #startAnew(out: MappingSink<L>): void {
    if (this.state.kind === 'mapped') out.release(this.state.lease);
    this.#isAsking = false;
    this.#attempt++;
    this.#refusals = 0;
    this.nextWake = null;
    this.#enter({ kind: 'idle' }, out);
  }

  #granted(now: Timestamp, lease: L, out: MappingSink<L>): void {
    this.#isAsking = false;
    this.#refusals = 0;
    this.nextWake = now + Math.min(Math.max(lease.lifetimeMs / 2, leastRenewMs), lease.isCheap ? cheapRenewMs : mostRenewMs);
    this.#enter({ kind: 'mapped', lease, until: now + Math.max(lease.lifetimeMs, leastRenewMs) }, out);
  }

  #refused(now: Timestamp, refusal: Refusal, out: MappingSink<L>): void {
    this.#isAsking = false;
    // Until it is over it counts, although the router does not answer now.
    if (this.state.kind === 'mapped' && now + renewAgainMs < this.state.until) {
      this.nextWake = now + renewAgainMs;
      return;
    }
    this.nextWake = now + Math.min(againMaxMs, againFirstMs * 2 ** this.#refusals);
    this.#refusals = Math.min(this.#refusals + 1, 10);
    this.#enter({ kind: 'waiting', refusal, nextAt: this.nextWake }, out);
  }

  #act(now: Timestamp, out: MappingSink<L>): void {
    if (!this.#wanted || this.#key === null || this.#isAsking) return;
    if (this.state.kind !== 'idle' && (this.nextWake === null || now < this.nextWake)) return;
    this.#isAsking = true;
    this.nextWake = null;
    if (this.state.kind !== 'mapped') this.#enter({ kind: 'asking' }, out);
    out.ask(++this.#attempt, this.state.kind === 'mapped' ? this.state.lease : null);
  }

  #enter(state: MappingState<L>, out: MappingSink<L>): void {
    if (state.kind === 'idle' && this.state.kind === 'idle') return;
    this.state = state;
    out.changed();
  }
}
