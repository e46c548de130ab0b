import { brotliCompressSync, constants } from 'node:zlib';
import { AppError } from '#shared/errors.ts';
import type { WirePieces } from '#shared/protocol/swarm-frames.ts';
import { MiB } from '#shared/units.ts';
import type { Link } from '../ports/links.ts';
import type { Outgoing } from '../ports/outgoing.ts';

const bombBytes = 64 * MiB;
const chances = ['corrupt', 'bomb', 'stall', 'drop', 'lie', 'disconnect'] as const;

/** What goes wrong, for tests and the lab. Chances are 0 … 1, for each block but `lie`, which is for each join. */
export interface SabotagePlan {
  /** One byte of the block is changed. */
  readonly corrupt: number;
  /** A block that goes out compressed decompresses to far more than was asked for. */
  readonly bomb: number;
  /** From this block on the link is never sent another one. */
  readonly stall: number;
  /** This block is never sent. */
  readonly drop: number;
  /** Says that it has every piece; what it has not, it refuses. */
  readonly lie: number;
  /** The link is cut instead. */
  readonly disconnect: number;
  /** Bytes/s to each device; null: as fast as it goes. */
  readonly slow: number | null;
  readonly seed: number;
}

/** Reads `corrupt=0.5,slow=100000,seed=7`. Rejects with `bad-argument`. */
export function parseSabotage(text: string): SabotagePlan {
  const plan = { corrupt: 0, bomb: 0, stall: 0, drop: 0, lie: 0, disconnect: 0, slow: null as number | null, seed: 1 };
  for (const part of text.split(',')) {
    const [, name = '', digits = ''] = /^([a-z]+)=(\d+(?:\.\d+)?)$/.exec(part) ?? [];
    const value = Number(digits);
    const chance = chances.find((one) => one === name);
    if (chance !== undefined && value <= 1) plan[chance] = value;
    else if (name === 'slow' && value >= 1) plan.slow = value;
    else if (name === 'seed' && Number.isSafeInteger(value)) plan.seed = value;
    else throw new AppError('bad-argument', { name: '--sabotage', detail: part });
  }
  return plan;
}

/** Harmless to look at: within what a block may be, and with a window that is allowed. */
const makeBomb = (): Uint8Array => brotliCompressSync(Buffer.alloc(bombBytes), { params: { [constants.BROTLI_PARAM_LGWIN]: 20 } });

/** Gives as told by a plan instead of as it should, in an order of faults that the seed decides. */
export class Sabotage implements Outgoing {
  readonly #plan: SabotagePlan;
  readonly #next: Outgoing;
  readonly #stalled = new WeakSet<Link>();
  /** When a slow link has sent what it was given. */
  readonly #freeAt = new WeakMap<Link, number>();
  #state: number;
  #bomb: Uint8Array | null = null;

  constructor(plan: SabotagePlan, next: Outgoing) {
    this.#plan = plan;
    this.#next = next;
    this.#state = plan.seed >>> 0;
  }

  async sendBlock(link: Link, lane: number, requestId: number, payload: Uint8Array, pieceHash: Uint8Array | null, isCompressed: boolean): Promise<boolean> {
    const { corrupt, bomb, stall, drop, disconnect } = this.#plan;
    if (this.#chance(disconnect)) link.close({ code: 'link-closed' });
    if (this.#chance(stall)) this.#stalled.add(link);
    if (this.#stalled.has(link) || this.#chance(drop)) return false;
    const sent = isCompressed && this.#chance(bomb) ? (this.#bomb ??= makeBomb()) : this.#chance(corrupt) ? this.#damaged(payload) : payload;
    await this.#takeTime(link, payload.length);
    return this.#next.sendBlock(link, lane, requestId, sent, pieceHash, isCompressed);
  }

  join(link: Link, key: Uint8Array, pieces: WirePieces): void {
    this.#next.join(link, key, this.#chance(this.#plan.lie) ? 'all' : pieces);
  }

  /** A copy: what was read must not change. */
  #damaged(payload: Uint8Array): Uint8Array {
    const copy = new Uint8Array(payload);
    const at = Math.floor(this.#random() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  }

  async #takeTime(link: Link, bytes: number): Promise<void> {
    const { slow } = this.#plan;
    if (slow === null) return;
    const now = performance.now();
    const done = Math.max(now, this.#freeAt.get(link) ?? now) + (1000 * bytes) / slow;
    this.#freeAt.set(link, done);
    await new Promise<void>((resolve) => { setTimeout(resolve, done - now).unref(); });
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#random() < probability;
  }

  /** mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
