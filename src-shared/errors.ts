/**
 * Every failure a user can meet has one of these stable codes. The texts (what happened, what to do next) are in
 * `i18n/`, under `error.CODE.what` and `error.CODE.next`, in every language; `params` fill their placeholders.
 */
export const errorCodes = [
  // what was asked
  'bad-usage', 'bad-argument', 'unknown-command', 'not-found', 'already-exists', 'ambiguous', 'cancelled', 'interrupted', 'internal',
  // this device's files
  'file-missing', 'no-permission', 'disk-full', 'disk-error', 'not-a-folder', 'folder-gone', 'name-not-shareable', 'file-changed',
  'not-shareable', 'too-deep', 'name-too-long', 'too-many-open-files', 'file-locked', 'watch-failed', 'share-unknown',
  // this node
  'node-not-running', 'node-busy', 'node-already-running', 'store-damaged', 'settings-damaged', 'settings-lost', 'settings-newer', 'identity-damaged', 'port-taken', 'newer-data',
  'other-version', 'not-authorised', 'sabotage-locked', 'sabotage-on',
  // rooms
  'room-unknown', 'room-not-yours', 'room-not-met', 'room-over', 'invitation-unreadable', 'invitation-false', 'member-unknown',
  // the lab
  'lab-failed',
  'lab-out-of-time',
  // other devices
  'peer-unknown', 'peer-offline', 'codes-differ', 'codes-unconfirmed', 'not-reachable', 'timeout', 'refused', 'blocked', 'version-mismatch', 'protocol-error', 'self-dial',
  'identity-changed', 'server-refused', 'server-untrusted', 'server-dates', 'server-newer', 'too-many', 'rate-limited', 'link-closed', 'network-off',
  // transfers and pushes
  'transfer-unknown', 'content-unknown', 'content-mismatch', 'source-changed', 'no-sources', 'sources-banned', 'listing-too-long', 'more-than-offered', 'declined', 'offer-unknown',
  'journal-damaged', 'hash-mismatch',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export type ErrorParams = Readonly<Record<string, string | number>>;

/** An error as a value: what crosses the NodeApi, the wire and the journal of a transfer. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly params?: ErrorParams | undefined;
}

/** An error a user may meet. `message` is for logs; what a person reads comes from the catalogue by `code`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(`${code} ${JSON.stringify(params)}`, options);
    this.code = code;
    this.params = params;
  }
  toInfo(): ErrorInfo {
    return { code: this.code, params: this.params };
  }
}

export const isErrorCode = (text: string): text is ErrorCode => (errorCodes as readonly string[]).includes(text);

/** Any thrown value as an error value; what is not an AppError becomes `internal` with its message kept for the log. */
export function errorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof AppError) return thrown.toInfo();
  return { code: 'internal', params: { detail: thrown instanceof Error ? thrown.message : String(thrown) } };
}
