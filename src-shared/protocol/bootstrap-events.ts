import * as z from 'zod';
import { limits } from '../limits.ts';
import { deviceIdSchema } from '../model/ids.ts';
import { serverUrlSchema } from '../model/server.ts';
import { nodeSchema, revisionSchema, roomTagSchema } from './bootstrap.ts';

/** Messages of the WebSocket `/v1/events`: one JSON object each. A server of a newer version may send types that are not here; they are skipped. */

/** What one device tells another through a server, which does not look into it. */
export const signalTextSchema = z.string().max(limits.bootstrap.signalChars);

/** Names one relayed connection; whoever asks for it makes it up. */
export const relayTicketSchema = z.string().regex(/^[0-9a-f]{32}$/);

export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('heartbeat') }),
  /** To be handed to another device. */
  z.object({ type: z.literal('signal'), to: deviceIdSchema, data: signalTextSchema }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** From another device. */
export const signalMessageSchema = z.object({ type: z.literal('signal'), from: deviceIdSchema, data: signalTextSchema });

export const relayMessageSchema = z.object({
  type: z.literal('relay'),
  from: deviceIdSchema,
  ticket: relayTicketSchema,
  /** The URL of the server where it waits, when several stand behind the one that we know. */
  at: serverUrlSchema.optional(),
});

const registrationShape = {
  /** False: register, then announce entries again. */
  registered: z.boolean(),
  revision: revisionSchema.nullable(),
};

const changedNodeSchema = z.object({
  ...nodeSchema.shape,
  /** Rooms that it has in common with the listener. */
  rooms: z.array(roomTagSchema).max(limits.bootstrap.roomsPerNode),
});

export const serverMessageSchema = z.discriminatedUnion('type', [
  /** First of all. `relay`: whether it carries the connections of others. */
  z.object({ type: z.literal('welcome'), deviceId: deviceIdSchema, heartbeatMs: z.int().positive(), silenceMs: z.int().positive(), relay: z.boolean(), ...registrationShape }),
  /** Answers a heartbeat. */
  z.object({ type: z.literal('heartbeat'), ...registrationShape }),
  /** What became of nodes of the listener's rooms since the last such message: the state now, not each step. */
  z.object({
    type: z.literal('nodes'),
    changed: z.array(changedNodeSchema).max(limits.bootstrap.changesWaiting),
    /** In none of the listener's rooms any more. */
    gone: z.array(deviceIdSchema).max(limits.bootstrap.changesWaiting),
  }),
  signalMessageSchema,
  /** A signal that could not be handed over: nobody listens there, or too many were sent. */
  z.object({ type: z.literal('undelivered'), to: deviceIdSchema }),
  /** Another device waits for us at `/v1/relay`, for some seconds. */
  relayMessageSchema,
  /** Too much changed to tell: list the rooms again. */
  z.object({ type: z.literal('resync') }),
  /** The server is about to stop; come back after a random part of `withinMs`, so that not all come at once. */
  z.object({ type: z.literal('goodbye'), withinMs: z.int().nonnegative() }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
