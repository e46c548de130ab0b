import { createHash, randomBytes } from 'node:crypto';

/** Links that were given out and not opened yet; browsers that opened one. The oldest go first. */
const maxTokens = 32;
const maxSessions = 64;

const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex');
const both = (cookie: string, key: string): string => fingerprint(`${cookie} ${key}`);
const newSecret = (): string => randomBytes(32).toString('base64url');

/** What a browser gets for a token. */
export interface Session {
  /** For the cookie, which every port of this machine sees when the browser looks at it. */
  readonly cookie: string;
  /** For the page itself, which nothing at another port can read. */
  readonly key: string;
}

/**
 * Who may use the web page. A one-time token in a link becomes a cookie and a key; the cookie alone gives the page's own files, and nothing else. Only hashes are
 * kept and looked up, so that neither memory nor the time of a comparison tells a secret.
 */
export class Sessions {
  readonly #tokens = new Set<string>();
  /** Cookies, and the same with their keys. */
  readonly #sessions = new Set<string>();
  readonly #keyed = new Set<string>();

  /** A token that lets in one browser, once. */
  newToken(): string {
    const token = newSecret();
    addBounded(this.#tokens, fingerprint(token), maxTokens);
    return token;
  }

  /** The session a token buys, or null when it was used already or never given. */
  redeem(token: string): Session | null {
    if (!this.#tokens.delete(fingerprint(token))) return null;
    const session = { cookie: newSecret(), key: newSecret() };
    addBounded(this.#sessions, fingerprint(session.cookie), maxSessions);
    addBounded(this.#keyed, both(session.cookie, session.key), maxSessions);
    return session;
  }

  has(cookie: string | undefined): boolean {
    return cookie !== undefined && this.#sessions.has(fingerprint(cookie));
  }

  /** Whether it is the page itself that asks. */
  isPage(cookie: string | undefined, key: string | undefined): boolean {
    return cookie !== undefined && key !== undefined && this.#keyed.has(both(cookie, key));
  }
}

function addBounded(set: Set<string>, value: string, max: number): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > max && oldest !== undefined) set.delete(oldest);
}
