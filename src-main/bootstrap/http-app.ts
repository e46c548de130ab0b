import { constants } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type * as z from 'zod';
import { appVersion } from '#shared/app-version.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError, bootstrapErrors, type BootstrapErrorCode } from '#shared/protocol/bootstrap-errors.ts';
import { bootstrapPaths, bootstrapRoutes, type BootstrapRoute, type BootstrapRouteName } from '#shared/protocol/bootstrap-routes.ts';
import { second } from '#shared/units.ts';
import { plainHost } from '../net/host.ts';
import { hasAdminToken } from './admin-token.ts';
import type { ServerCertificate } from './certificate.ts';
import type { BootstrapConfig } from './config.ts';
import { addDashboardRoutes } from './dashboard/dashboard-routes.ts';
import type { AdminHandlers } from './dashboard/dashboard.ts';
import { identify } from './identify.ts';
import { openApiDocument } from './open-api.ts';
import type { Proofs } from './proofs.ts';
import { relayQuestionSchema, type RelaySockets } from './relay-sockets.ts';
import { RelayUpgrade } from './relay-upgrade.ts';
import type { Allowances } from '../core/rate/allowances.ts';
import { networkOf } from './registry/network-of.ts';
import type { RelayParty } from './registry/relay-places.ts';
import type { BootstrapHandlers, Caller } from './service.ts';
import type { EventSockets } from './event-sockets.ts';
import type { ServerMetrics } from './server-metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before anything else is done for a request. */
    caller: Caller | null;
    beganAt: number;
  }
}

export interface HttpParts {
  readonly config: BootstrapConfig;
  /** Null: plain HTTP. */
  readonly certificate: ServerCertificate | null;
  readonly handlers: BootstrapHandlers;
  readonly proofs: Proofs;
  readonly addresses: Allowances;
  readonly devices: Allowances;
  readonly sockets: EventSockets;
  readonly relays: RelaySockets;
  readonly metrics: ServerMetrics;
  readonly admin: { readonly handlers: AdminHandlers; readonly pageDir: string };
  readonly logger: Logger;
  readonly now: () => number;
  readonly isDraining: () => boolean;
}

/** What a refused or senseless request takes on top: garbage costs its sender. */
const garbageCost = 10;
/** To ask for a relayed connection, or to come to one: a TLS handshake's work has come before, and the other device is told. */
const relayCost = 5;
const garbage: ReadonlySet<BootstrapErrorCode> = new Set(['bad-request', 'not-authorised', 'proof-invalid', 'not-found', 'timeout', 'too-large']);

const { headerMs, requestMs, keepAliveMs, handshakeMs, messageBytes } = limits.bootstrap;

export const tlsSettings = ({ key, cert }: ServerCertificate) => ({ key, cert, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET }) as const;

function createServer(certificate: ServerCertificate | null, handler: RequestListener): Server {
  const timeouts = { headersTimeout: headerMs, requestTimeout: requestMs, keepAliveTimeout: keepAliveMs, connectionsCheckingInterval: second, maxHeaderSize: 8192, noDelay: true };
  return certificate === null ? createHttpServer(timeouts, handler) : createHttpsServer({ ...timeouts, ...tlsSettings(certificate), requestCert: true, rejectUnauthorized: false, handshakeTimeout: handshakeMs }, handler);
}

/** The routes over HTTP and the WebSocket, with identity, limits and errors around them. Does not listen yet. */
export async function createHttpApp(parts: HttpParts): Promise<FastifyInstance> {
  const { config, metrics, addresses, now } = parts;
  const app = Fastify({
    serverFactory: (handler) => createServer(parts.certificate, handler),
    trustProxy: config.trustProxy.length === 0 ? false : config.trustProxy, routerOptions: { maxParamLength: 100 },
    bodyLimit: limits.bootstrap.requestBytes, exposeHeadRoutes: false, forceCloseConnections: 'idle',
  });
  app.server.maxConnections = config.maxConnections;
  // Nobody speaks TLS or HTTP here, or slower than anybody may: not worth an answer. Left to itself, HTTP would hear of what TLS has refused, too.
  for (const [event, why] of [['tlsClientError', 'no-tls'], ['clientError', 'no-http']] as const) {
    app.server.removeAllListeners(event).on(event, (_error: Error, socket: Duplex) => {
      metrics.refused.add({ why });
      if ('remoteAddress' in socket && typeof socket.remoteAddress === 'string' && parts.certificate !== null) addresses.charge(now(), networkOf(plainHost(socket.remoteAddress)), garbageCost);
      socket.destroy();
    });
  }
  app.decorateRequest('caller', null);
  app.decorateRequest('beganAt', 0);
  app.setErrorHandler((error: FastifyError | BootstrapError, request, reply) => sendError(parts, error, request, reply));
  app.setNotFoundHandler({ preHandler: (request, _reply, done) => { admit(parts, request, 1); done(); } }, () => { throw new BootstrapError('not-found', { detail: 'no such route' }); });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    void reply.headers({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requestSeconds.observe({ route: request.routeOptions.url ?? 'none', status: reply.statusCode }, (now() - request.beganAt) / second);
    done();
  });
  await app.register(websocket, { options: { maxPayload: messageBytes, perMessageDeflate: false, clientTracking: true } });
  for (const name of Object.keys(bootstrapRoutes) as BootstrapRouteName[]) addRoute(app, parts, name);
  addOthers(app, parts);
  addRelay(app, parts);
  return app;
}

function addRoute<Name extends BootstrapRouteName>(app: FastifyInstance, parts: HttpParts, name: Name): void {
  const route: BootstrapRoute = bootstrapRoutes[name];
  const { input } = bootstrapRoutes[name];
  const handle = parts.handlers[name] as (input: unknown, caller: Caller) => unknown;
  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    bodyLimit: route.bodyBytes,
    onRequest: (request, _reply, done) => {
      admit(parts, request, route.cost);
      if (name !== 'health' && parts.isDraining()) throw new BootstrapError('draining', { retryAfterMs: second });
      if (route.auth === 'device') demandDevice(parts, request, route.cost);
      done();
    },
    handler: async (request, reply) => {
      const given: unknown = route.method === 'GET' ? { ...asObject(request.query), ...asObject(request.params) } : asObject(request.body);
      const answer = await handle(checked(input, given), callerOf(request));
      if (name === 'health' && parts.isDraining()) void reply.code(503);
      return answer;
    },
  });
}

function addOthers(app: FastifyInstance, parts: HttpParts): void {
  const { config, metrics, sockets } = parts;
  const document = JSON.stringify(openApiDocument(appVersion));
  app.get(bootstrapPaths.openApi, { onRequest: (request, _reply, done) => { admit(parts, request, 2); done(); } }, async (_request, reply) => reply.type('application/json').send(document));
  app.get(bootstrapPaths.metrics, {
    onRequest: (request, _reply, done) => {
      admit(parts, request, 5);
      if (!mayReadMetrics(config, request)) throw new BootstrapError('not-authorised');
      done();
    },
  }, async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics.expose()));
  app.get(bootstrapPaths.events, {
    websocket: true,
    onRequest: (request, _reply, done) => {
      admit(parts, request, 2);
      if (parts.isDraining()) throw new BootstrapError('draining', { retryAfterMs: second });
      demandDevice(parts, request, 2);
      done();
    },
  }, (socket, request) => { sockets.add(socket, callerOf(request)); });
  addDashboardRoutes(app, { adminToken: config.adminToken, ...parts.admin, admit: (request, cost) => { admit(parts, request, cost); }, parse: ({ input }, request) => checked(input, { ...asObject(request.query), ...asObject(request.params) }) });
}

/** The WebSocket of relayed connections; opened before the handler, which answers those who ask for no WebSocket. */
function addRelay(app: FastifyInstance, parts: HttpParts): void {
  const upgrade = new RelayUpgrade(app.server);
  app.get(bootstrapPaths.relay, {
    onRequest: (request, _reply, done) => {
      admit(parts, request, relayCost);
      if (parts.isDraining()) throw new BootstrapError('draining', { retryAfterMs: second });
      demandDevice(parts, request, relayCost);
      done();
    },
    preHandler: (request, reply, done) => {
      if (!request.ws) done();
      else parts.relays.admit(partyOf(request), checked(relayQuestionSchema, asObject(request.query)), (use) => { upgrade.open(request, reply, use); }).catch(done);
    },
  }, () => { throw new BootstrapError('not-found', { detail: 'a WebSocket' }); });
}

/** Throws `bad-request`. */
function checked<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  throw new BootstrapError('bad-request', { detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 200) });
}

/** Notes who asks, and refuses an address that asked too much. Throws `rate-limited`. */
function admit({ addresses, now }: HttpParts, request: FastifyRequest, cost: number): void {
  request.beganAt = now();
  const direct = request.raw.socket.remoteAddress;
  const host = plainHost(request.ip);
  request.caller = { deviceId: null, host, port: request.ip === direct ? request.raw.socket.remotePort ?? null : null };
  const retryAfterMs = addresses.take(request.beganAt, networkOf(host), cost);
  if (retryAfterMs > 0) throw new BootstrapError('rate-limited', { detail: 'this address', retryAfterMs });
}

/** Throws `not-authorised`, `rate-limited`. */
function demandDevice({ proofs, devices }: HttpParts, request: FastifyRequest, cost: number): void {
  const deviceId = identify(request, proofs, request.beganAt);
  if (deviceId === null) throw new BootstrapError('not-authorised');
  request.caller = { ...callerOf(request), deviceId };
  const retryAfterMs = devices.take(request.beganAt, deviceId, cost);
  if (retryAfterMs > 0) throw new BootstrapError('rate-limited', { detail: 'this device', retryAfterMs });
}

function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new BootstrapError('internal');
  return caller;
}

function partyOf(request: FastifyRequest): RelayParty {
  const { deviceId, host } = callerOf(request);
  if (deviceId === null) throw new BootstrapError('not-authorised');
  return { device: deviceId, network: networkOf(host) };
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** With the admin token; where there is none, from this machine itself. Whatever a proxy passes on comes from elsewhere. */
function mayReadMetrics({ adminToken }: BootstrapConfig, request: FastifyRequest): boolean {
  if (adminToken !== undefined) return hasAdminToken(request, adminToken);
  const { headers } = request;
  const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((header) => headers[header] !== undefined);
  const host = plainHost(request.raw.socket.remoteAddress ?? '');
  return !passedOn && (host === '::1' || host.startsWith('127.'));
}

const codeOfStatus: Readonly<Record<number, BootstrapErrorCode>> = { 404: 'not-found', 408: 'timeout', 413: 'too-large', 503: 'draining' };

function sendError({ addresses, metrics, logger, now }: HttpParts, error: FastifyError | BootstrapError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof BootstrapError ? error : new BootstrapError(codeOf(error));
  const { code, detail, retryAfterMs } = known;
  if (code === 'internal') logger.error({ err: error, route: request.routeOptions.url }, 'a request failed');
  metrics.errors.add({ code });
  if (garbage.has(code)) addresses.charge(now(), networkOf(plainHost(request.ip)), garbageCost);
  // Whoever has used up the allowance is not worth a connection either, and a body that nobody reads would wait in it.
  if (code === 'rate-limited' || code === 'too-large' || code === 'draining') void reply.header('Connection', 'close');
  if (retryAfterMs !== undefined) void reply.header('Retry-After', Math.ceil(retryAfterMs / second));
  return reply.code(bootstrapErrors[code]).send({ error: { code, ...(detail === undefined ? {} : { detail }), ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }) } });
}

function codeOf({ statusCode = 500 }: FastifyError): BootstrapErrorCode {
  const known = codeOfStatus[statusCode];
  return known ?? (statusCode >= 400 && statusCode < 500 ? 'bad-request' : 'internal');
}
