import { createHash, randomBytes } from 'node:crypto';

/** Links that were given out and not opened yet; browsers that opened one. The oldest go first. */
const maxTokens = 32;
const maxSessions = 64;

const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Who may use the web page. A one-time token in a link becomes a cookie. Only hashes are kept and looked up, so that
 * neither memory nor the time of a comparison tells a secret.
 */
export class Sessions {
  readonly #tokens = new Set<string>();
  readonly #sessions = new Set<string>();

  /** A token that lets in one browser, once. */
  newToken(): string {
    const token = newSecret();
    addBounded(this.#tokens, fingerprint(token), maxTokens);
    return token;
  }

  /** The session a token buys, or null when it was used already or never given. */
  redeem(token: string): string | null {
    if (!this.#tokens.delete(fingerprint(token))) return null;
    const session = newSecret();
    addBounded(this.#sessions, fingerprint(session), maxSessions);
    return session;
  }

  has(session: string | undefined): boolean {
    return session !== undefined && this.#sessions.has(fingerprint(session));
  }
}

function addBounded(set: Set<string>, value: string, max: number): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > max && oldest !== undefined) set.delete(oldest);
}
