import * as z from 'zod';

/** Every refusal of a bootstrap server, with its HTTP status. Codes are stable; a client says them in its user's words. */
export const bootstrapErrors = {
  'bad-request': 400,
  'not-authorised': 401,
  /** The signature does not fit the key, the origin or the nonce, or the nonce was used before. */
  'proof-invalid': 401,
  'proof-expired': 401,
  /** A room that the device has not registered itself. */
  'not-your-room': 403,
  /** This server carries no connections of others. */
  'relay-off': 403,
  'not-found': 404,
  /** The device that is to be reached is not connected to this server. */
  'not-there': 404,
  timeout: 408,
  /** Heartbeat or entries of a device that is not registered, or not any more: register, then announce again. */
  'not-registered': 409,
  'too-large': 413,
  'rate-limited': 429,
  /** This device or its address has as much here as it may have. */
  'too-many': 429,
  internal: 500,
  /** The server still reads what it had stored. */
  starting: 503,
  /** The server has as much as it may have. */
  'server-full': 503,
  draining: 503,
} as const;
export type BootstrapErrorCode = keyof typeof bootstrapErrors;

export const bootstrapErrorCodeSchema = z.enum(Object.keys(bootstrapErrors) as [BootstrapErrorCode, ...BootstrapErrorCode[]]);

export const bootstrapErrorSchema = z.object({
  error: z.object({
    code: bootstrapErrorCodeSchema,
    /** For programmers and logs, in English. */
    detail: z.string().optional(),
    /** With `rate-limited`: when to come again. */
    retryAfterMs: z.number().nonnegative().optional(),
  }),
});

/** A refusal as a client reads it: a newer server may give reasons that we do not know. */
export const refusalSchema = bootstrapErrorSchema.extend({ error: bootstrapErrorSchema.shape.error.extend({ code: z.string().regex(/^[\w-]{1,64}$/) }) });

const isKnown = (code: string): code is BootstrapErrorCode => Object.hasOwn(bootstrapErrors, code);

/** What a client makes of a refusal. Of a reason that it does not know the status says enough to act on. */
export function refusalOf({ error: { code, detail, retryAfterMs } }: z.infer<typeof refusalSchema>, status: number): BootstrapError {
  if (isKnown(code)) return new BootstrapError(code, { detail, retryAfterMs });
  return new BootstrapError(status === bootstrapErrors['not-authorised'] ? 'not-authorised' : status < bootstrapErrors.internal ? 'bad-request' : 'internal', { detail, retryAfterMs, unknown: code });
}

/** A refusal on its way to the client. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
  readonly code: BootstrapErrorCode;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** The code that a newer server gave. */
  readonly unknown: string | undefined;

  constructor(code: BootstrapErrorCode, { detail, retryAfterMs, unknown }: { readonly detail?: string | undefined; readonly retryAfterMs?: number | undefined; readonly unknown?: string } = {}) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
    this.unknown = unknown;
  }
}
