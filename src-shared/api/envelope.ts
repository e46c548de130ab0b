import * as z from 'zod';
import { errorInfoSchema } from '../model/error.ts';
import { nodeEventSchema } from './events.ts';

/**
 * How NodeApi travels over any message channel (WebSocket, local socket, IPC): one JSON object a message.
 * A request carries a number the client chose; `abort` ends a running one; events flow once subscribed.
 */
export const clientMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id: z.int().nonnegative(), name: z.string().max(64), args: z.unknown() }),
  z.object({ kind: z.literal('abort'), id: z.int().nonnegative() }),
  z.object({ kind: z.literal('subscribe') }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

export const serverMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('result'), id: z.int().nonnegative(), value: z.unknown() }),
  z.object({ kind: z.literal('error'), id: z.int().nonnegative(), error: errorInfoSchema }),
  z.object({ kind: z.literal('event'), event: nodeEventSchema }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
