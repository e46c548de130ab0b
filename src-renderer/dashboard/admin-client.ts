import { adminRoutes, type AdminAnswer, type AdminRouteName } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapErrorSchema, type BootstrapErrorCode } from '#shared/protocol/bootstrap-errors.ts';

/** `lost`: no answer, or not from a DistriShare server. */
export class AdminError extends Error {
  readonly code: BootstrapErrorCode | 'lost';
  readonly retryAfterMs: number;

  constructor(code: BootstrapErrorCode | 'lost', retryAfterMs = 0) {
    super(code);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Fields in braces go into the path, the others into the query. */
export type AdminQuery = Readonly<Record<string, string | number>>;

/** Asks the server that the page comes from. The token travels in a header, so no other page can make a browser send it. Rejects with `AdminError`. */
export async function askServer<Name extends AdminRouteName>(name: Name, token: string, query: AdminQuery = {}): Promise<AdminAnswer<Name>> {
  const { path, answer } = adminRoutes[name];
  const rest = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (!path.includes(`{${key}}`)) rest.set(key, String(value));
  const url = path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(query[key] ?? ''));
  let json: unknown;
  let ok: boolean;
  try {
    const reply = await fetch(`${url}?${rest.toString()}`, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', redirect: 'error', credentials: 'omit', signal: AbortSignal.timeout(15_000) });
    ok = reply.ok;
    json = await reply.json();
  } catch {
    throw new AdminError('lost');
  }
  if (ok) {
    const checked = answer.safeParse(json);
    if (checked.success) return checked.data as AdminAnswer<Name>;
    throw new AdminError('lost');
  }
  const refused = bootstrapErrorSchema.safeParse(json);
  throw refused.success ? new AdminError(refused.data.error.code, refused.data.error.retryAfterMs) : new AdminError('lost');
}
