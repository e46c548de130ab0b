import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import type { ApiChannel } from '#shared/api/channel.ts';
import { second } from '#shared/units.ts';

/**
 * Both ends prove that they know the token of run.json before anything else is said. The token itself never travels, so
 * that whoever took over the name of a socket learns nothing: server nonce, client nonce + proof, server proof.
 */
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const helloSchema = z.object({ kind: z.literal('hello'), version: z.literal(1), nonce: hex32 });
const authSchema = z.object({ kind: z.literal('auth'), nonce: hex32, proof: hex32 });
const welcomeSchema = z.object({ kind: z.literal('welcome'), proof: hex32 });

/** A local program answers at once, unless the machine has far too much to do; a hung one must not hang the other side. */
const handshakeMs = 20 * second;

const proofOf = (token: string, role: 'server' | 'client', serverNonce: string, clientNonce: string): Buffer =>
  createHmac('sha256', Buffer.from(token, 'hex')).update(`distrishare local 1 ${role} ${serverNonce} ${clientNonce}`).digest();
const isProof = (proof: string, expected: Buffer): boolean => timingSafeEqual(Buffer.from(proof, 'hex'), expected);
const newNonce = (): string => randomBytes(32).toString('hex');

/** Resolves when the client has proven itself; otherwise closes the channel and rejects with `not-authorised` or `timeout`. */
export async function welcomeClient(channel: ApiChannel, token: string): Promise<void> {
  const nonce = newNonce();
  const reply = nextMessage(channel, authSchema);
  channel.send(JSON.stringify({ kind: 'hello', version: 1, nonce } satisfies z.infer<typeof helloSchema>));
  const auth = await reply;
  if (!isProof(auth.proof, proofOf(token, 'client', nonce, auth.nonce))) throw refuse(channel);
  channel.send(JSON.stringify({ kind: 'welcome', proof: proofOf(token, 'server', nonce, auth.nonce).toString('hex') } satisfies z.infer<typeof welcomeSchema>));
}

/**
 * Resolves when the server has let us in and proven itself. Rejects like `welcomeClient`, and with `node-busy` when it hangs up before it has said anything: it cannot take
 * another file, has too many callers, or ends.
 */
export async function enter(channel: ApiChannel, token: string): Promise<void> {
  const hello = await nextMessage(channel, helloSchema, 'node-busy');
  const nonce = newNonce();
  const reply = nextMessage(channel, welcomeSchema);
  channel.send(JSON.stringify({ kind: 'auth', nonce, proof: proofOf(token, 'client', hello.nonce, nonce).toString('hex') } satisfies z.infer<typeof authSchema>));
  const welcome = await reply;
  if (!isProof(welcome.proof, proofOf(token, 'server', hello.nonce, nonce))) throw refuse(channel);
}

function refuse(channel: ApiChannel): AppError {
  channel.close();
  return new AppError('not-authorised');
}

/** `ifClosed`: what it means when the channel ends instead. */
function nextMessage<T>(channel: ApiChannel, schema: z.ZodType<T>, ifClosed: 'not-authorised' | 'node-busy' = 'not-authorised'): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      channel.close();
      reject(new AppError('timeout'));
    }, handshakeMs);
    channel.onClose(() => {
      clearTimeout(timer);
      reject(new AppError(ifClosed));
    });
    channel.onMessage((text) => {
      clearTimeout(timer);
      const message = parse(text, schema);
      if (message === null) reject(refuse(channel));
      else resolve(message);
    });
  });
}

function parse<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: whoever speaks here is not one of us.
    return null;
  }
}
