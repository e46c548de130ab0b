import * as z from 'zod';
import { limits } from '../limits.ts';
import * as schemas from './bootstrap.ts';
import type { BootstrapErrorCode } from './bootstrap-errors.ts';

const { requestBytes, entriesRequestBytes } = limits.bootstrap;

/**
 * One thing to ask of a server. `{name}` in a path is a field of `input`; the other fields are the query of a GET, or the JSON body of everything else.
 * `auth`: `none`, `device` for who has proven a device id, or `admin` for who has the admin token. `cost`: tokens it takes from the device and the address that asks.
 */
export interface BootstrapRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly auth: 'none' | 'device' | 'admin';
  readonly input: z.ZodObject;
  readonly answer: z.ZodObject;
  readonly errors: readonly BootstrapErrorCode[];
  readonly cost: number;
  readonly bodyBytes: number;
}

const noInput = z.object({});
const route = <Input extends z.ZodObject, Answer extends z.ZodObject>(route: Omit<BootstrapRoute, 'bodyBytes' | 'input' | 'answer'> & { input: Input; answer: Answer; bodyBytes?: number }) => ({ bodyBytes: requestBytes, ...route });

/** Everything but the WebSocket (`bootstrap-events.ts`), metrics and the description made from this table. */
export const bootstrapRoutes = {
  address: route({ method: 'GET', path: '/v1/address', auth: 'none', cost: 1, input: noInput, answer: schemas.addressAnswerSchema, errors: [], summary: 'The outside address and port that the server sees.' }),
  health: route({ method: 'GET', path: '/v1/health', auth: 'none', cost: 1, input: noInput, answer: schemas.healthAnswerSchema, errors: [], summary: 'Whether the server is well; status 503 while it stops.' }),
  challenge: route({ method: 'GET', path: '/v1/challenge', auth: 'none', cost: 1, input: noInput, answer: schemas.challengeAnswerSchema, errors: ['not-found'], summary: 'A nonce to sign, for clients whose TLS ends at a proxy. Only servers with a public URL take signatures.' }),
  token: route({ method: 'POST', path: '/v1/token', auth: 'none', cost: 5, input: schemas.tokenRequestSchema, answer: schemas.tokenAnswerSchema, errors: ['proof-invalid', 'proof-expired', 'not-found'], summary: 'Trades a signed nonce for a bearer token.' }),
  register: route({ method: 'PUT', path: '/v1/node', auth: 'device', cost: 3, input: schemas.registerRequestSchema, answer: schemas.registerAnswerSchema, errors: ['too-many', 'server-full'], summary: 'Registers the device, or changes its addresses and rooms; entries stay.' }),
  heartbeat: route({ method: 'POST', path: '/v1/node/heartbeat', auth: 'device', cost: 1, input: noInput, answer: schemas.heartbeatAnswerSchema, errors: ['not-registered'], summary: 'Says that the device is still there.' }),
  unregister: route({ method: 'DELETE', path: '/v1/node', auth: 'device', cost: 1, input: noInput, answer: schemas.nothingSchema, errors: [], summary: 'Forgets the device and all it announced.' }),
  entries: route({ method: 'POST', path: '/v1/node/entries', auth: 'device', cost: 5, input: schemas.entriesRequestSchema, answer: schemas.heartbeatAnswerSchema, bodyBytes: entriesRequestBytes, errors: ['not-registered', 'too-many', 'server-full', 'starting'], summary: 'Adds and removes public entries; long lists take several requests.' }),
  roomNodes: route({ method: 'GET', path: '/v1/rooms/{room}/nodes', auth: 'device', cost: 2, input: schemas.roomRequestSchema, answer: schemas.roomAnswerSchema, errors: ['not-your-room'], summary: 'Nodes of a room that the device has registered itself.' }),
  holders: route({ method: 'POST', path: '/v1/holders', auth: 'device', cost: 3, input: schemas.holdersRequestSchema, answer: schemas.holdersAnswerSchema, errors: [], summary: 'Who announced these contents.' }),
  search: route({ method: 'POST', path: '/v1/search', auth: 'device', cost: 10, input: schemas.searchRequestSchema, answer: schemas.searchAnswerSchema, errors: [], summary: 'Ranked search by name over what nodes announced.' }),
} as const satisfies Record<string, BootstrapRoute>;

export type BootstrapRoutes = typeof bootstrapRoutes;
export type BootstrapRouteName = keyof BootstrapRoutes;
export type BootstrapInput<Name extends BootstrapRouteName> = z.output<BootstrapRoutes[Name]['input']>;
export type BootstrapAnswer<Name extends BootstrapRouteName> = z.output<BootstrapRoutes[Name]['answer']>;

/** Errors that any route may give, besides its own. */
export const commonErrors: readonly BootstrapErrorCode[] = ['bad-request', 'timeout', 'too-large', 'rate-limited', 'internal', 'draining'];

/**
 * Paths beside the table. `relay` is a WebSocket of binary messages with the query `ticket`, and `to` from the device that wants to reach another one: what
 * comes in on one of the two WebSockets with the same ticket goes out on the other.
 */
export const bootstrapPaths = { events: '/v1/events', relay: '/v1/relay', dashboard: '/dashboard', metrics: '/v1/metrics', openApi: '/v1/openapi.json' } as const;
