import { createHmac, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { deviceIdSchema } from '#shared/model/ids.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { signInMessage } from '#shared/protocol/bootstrap-proof.ts';
import type { BootstrapAnswer, BootstrapInput } from '#shared/protocol/bootstrap-routes.ts';
import type { Millis } from '#shared/units.ts';
import { deviceIdOfSpki } from '../net/identity.ts';

const { challengeMs, tokenMs } = limits.bootstrap;
/** Signed-in devices whose nonces are remembered until they expire. */
const mostUsed = 100_000;

/** What makes a nonce or a token of one server good at others; one of its own for a server that is alone. */
export interface ProofBasis {
  /** What is signed with: 32 bytes. */
  readonly secret: Buffer;
  /** Added to the time of this process, so that all mean the same moment. */
  readonly offsetMs: Millis;
  /** False when the nonce was used at another server. */
  claim(nonce: string, forMs: Millis): Promise<boolean>;
}

/** No server but this process knows it, and it ends with it. */
const ownBasis = (): ProofBasis => ({ secret: randomBytes(32), offsetMs: 0, claim: () => Promise.resolve(true) });

/**
 * Proves devices whose TLS ends at a proxy: they sign a nonce together with the server's origin, and get a token for some minutes. Nothing is
 * kept of nonces and tokens that were given out; both carry their end and a MAC under a secret.
 */
export class Proofs {
  readonly #origins: readonly string[];
  readonly #basis: ProofBasis;
  /** Nonces that were used, in the order of their use. */
  readonly #used = new Map<string, Millis>();

  /** `origins`: under which clients know this server; none when it takes no signatures. */
  constructor(origins: readonly string[], basis: ProofBasis = ownBasis()) {
    this.#origins = origins;
    this.#basis = basis;
  }

  /** Throws `not-found`. */
  challenge(now: Millis): BootstrapAnswer<'challenge'> {
    if (this.#origins.length === 0) throw new BootstrapError('not-found', { detail: 'this server has no public URL; use a client certificate' });
    return { nonce: this.#sealed(`${Math.floor(this.#at(now) + challengeMs)}.${randomBytes(16).toString('base64url')}`, 'nonce'), expiresMs: challengeMs };
  }

  /** Throws `proof-invalid`, `proof-expired`, `not-found`. */
  async signIn(now: Millis, { key, nonce, signature }: BootstrapInput<'token'>): Promise<BootstrapAnswer<'token'>> {
    if (this.#origins.length === 0) throw new BootstrapError('not-found');
    const [end = ''] = this.#opened(nonce, 'nonce')?.split('.') ?? [];
    if (end === '') throw new BootstrapError('proof-invalid', { detail: 'nonce' });
    if (Number(end) < this.#at(now)) throw new BootstrapError('proof-expired');
    const spki = Buffer.from(key, 'base64');
    const deviceId = deviceIdOfSpki(spki);
    if (deviceId === null || !this.#origins.some((origin) => signedBy(spki, signInMessage(origin, nonce), Buffer.from(signature, 'base64')))) throw new BootstrapError('proof-invalid', { detail: 'signature' });
    // Only now, so that nobody fills the table without keys and signatures.
    this.#useOnce(this.#at(now), nonce, Number(end));
    if (!(await this.#basis.claim(nonce, challengeMs))) throw new BootstrapError('proof-invalid', { detail: 'used before' });
    return { deviceId, token: this.#sealed(`${deviceId}.${Math.floor(this.#at(now) + tokenMs)}`, 'token'), expiresMs: tokenMs };
  }

  /** Whose token it is; null when it is none, or too old. */
  deviceOf(now: Millis, token: string): DeviceId | null {
    const [device, end] = this.#opened(token, 'token')?.split('.') ?? [];
    return Number(end) >= this.#at(now) ? (deviceIdSchema.safeParse(device).data ?? null) : null;
  }

  #at(now: Millis): Millis {
    return now + this.#basis.offsetMs;
  }

  #useOnce(now: Millis, nonce: string, end: Millis): void {
    for (const [old, ended] of this.#used) {
      if (ended >= now) break;
      this.#used.delete(old);
    }
    if (this.#used.has(nonce)) throw new BootstrapError('proof-invalid', { detail: 'used before' });
    if (this.#used.size >= mostUsed) throw new BootstrapError('server-full');
    this.#used.set(nonce, end);
  }

  #sealed(text: string, purpose: string): string {
    return `${text}.${this.#mac(text, purpose).toString('base64url')}`;
  }

  #opened(sealed: string, purpose: string): string | null {
    const at = sealed.lastIndexOf('.');
    // Compared as text: other texts than the one we wrote decode to the same bytes.
    const [given, wanted] = [Buffer.from(sealed.slice(at + 1)), Buffer.from(this.#mac(sealed.slice(0, Math.max(0, at)), purpose).toString('base64url'))];
    return given.length === wanted.length && timingSafeEqual(given, wanted) ? sealed.slice(0, at) : null;
  }

  #mac(text: string, purpose: string): Buffer {
    return createHmac('sha256', this.#basis.secret).update(`${purpose} ${text}`).digest();
  }
}

function signedBy(spki: Buffer, message: string, signature: Buffer): boolean {
  try {
    return verify('sha256', Buffer.from(message), createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature);
  } catch {
    // A point that is not on the curve.
    return false;
  }
}
