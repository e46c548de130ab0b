import { randomBytes } from 'node:crypto';
import type { Millis } from '#shared/units.ts';
import type { ProofBasis } from '../proofs.ts';
import { nonceKey, secretKey } from './redis-keys.ts';
import type { RedisSession } from './redis-session.ts';

const secretBytes = 32;

/** Servers on one Redis take each other's nonces and tokens: behind a proxy, a device that has signed in at one may be sent to another with its next request. */
export class RedisProofs implements ProofBasis {
  /** Its own until Redis says what the others use; those who signed in before do it again then. */
  secret: Buffer = randomBytes(secretBytes);
  offsetMs: Millis = 0;
  #session: RedisSession | null = null;

  /** Answers with false when something else lies where the secret should. */
  async begin(session: RedisSession): Promise<boolean> {
    // A Redis that has lost everything goes on with the secret that was in use.
    const kept = await session.keepFirst(secretKey, this.secret.toString('base64url'));
    this.#session = session;
    const secret = Buffer.from(kept ?? '', 'base64url');
    if (secret.length !== secretBytes) return false;
    this.secret = secret;
    return true;
  }

  lose(): void {
    this.#session = null;
  }

  /** While Redis is away each server remembers for itself which nonces were used. */
  async claim(nonce: string, forMs: Millis): Promise<boolean> {
    return (await this.#session?.claim(nonceKey(nonce), forMs).catch(() => true)) ?? true;
  }
}
