import { join } from 'node:path';
import type { Server } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { appVersion } from '#shared/app-version.ts';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import type { HealthAnswer } from '#shared/protocol/bootstrap.ts';
import { parseServerUrl, type ServerUrl } from '#shared/server-url.ts';
import { minute, second } from '#shared/units.ts';
import { certificateVersion, readCertificate, type ServerCertificate } from './certificate.ts';
import type { BootstrapConfig } from './config.ts';
import { guardConnections } from './connection-guard.ts';
import { Dashboard } from './dashboard/dashboard.ts';
import type { RegistryStore } from './registry-store.ts';
import { EventHub } from './event-hub.ts';
import { EventSockets } from './event-sockets.ts';
import { createHttpApp, tlsSettings } from './http-app.ts';
import type { Mailboxes } from './mailboxes.ts';
import { Proofs, type ProofBasis } from './proofs.ts';
import { Allowances } from '../core/rate/allowances.ts';
import { Registry } from './registry/registry.ts';
import { RelaySockets } from './relay-sockets.ts';
import { ServerMetrics } from './server-metrics.ts';
import { bootstrapHandlers } from './service.ts';

/** Done at a time, so that nobody waits behind it for long: nodes forgotten, and entries taken out of the index. */
const expiredAtOnce = 200;
const sweptAtOnce = 200;
const flushMs = 250;

export interface RunningServer {
  readonly port: number;
  /** What clients are given, without the host where it is not known: `https://HOST:PORT#FINGERPRINT`. */
  readonly fingerprint: string | null;
  /** Lets what is under way end, and stops. */
  close(): Promise<void>;
}

/** Runs a bootstrap server; `pageDir` is where its dashboard was built. Rejects with what keeps it from starting: `port-taken`, `not-reachable`, and as `readCertificate` and the store's `loadNodes`. */
export async function startBootstrapServer(config: BootstrapConfig, dataDir: string, logger: Logger, pageDir = ''): Promise<RunningServer> {
  const folder = join(dataDir, 'bootstrap');
  const now = (): number => performance.now();
  const certificate = config.plainHttp ? null : await readCertificate(config, folder);
  let served = certificate;
  let draining = false;
  let starting = true;

  const registry = new Registry({
    silenceMs: config.silenceSeconds * second, nodes: config.maxNodes, nodesPerNetwork: config.maxNodesPerAddress,
    entries: config.maxEntries, entriesPerNode: config.maxEntriesPerNode, entriesPerNetwork: config.maxEntriesPerAddress,
  }, {
    nodeChanged: (node, rooms) => { store.nodeChanged(node); hub.changed(node.deviceId, rooms); },
    nodeGone: (node) => { store.nodeGone(node); hub.changed(node.deviceId, node.rooms); },
    entryAdded: (node, entry) => { store.entryAdded(node, entry); },
    entryRemoved: (node, contentId) => { store.entryRemoved(node, contentId); },
  });
  const hub = new EventHub(registry);
  const { store, basis, mailboxes = hub } = await makeStore(config, folder, registry, hub, now, logger);
  const health = (): HealthAnswer => {
    const problems = [...(starting ? ['starting'] : []), ...(store.problem === null ? [] : [`store-${store.problem}`])];
    return { status: draining ? 'draining' : problems.length > 0 ? 'degraded' : 'ok', version: appVersion, problems };
  };
  const ownUrl = ownUrlOf(config, certificate);
  const proofs = new Proofs(config.publicUrl === undefined ? [] : [config.publicUrl, ...(ownUrl === null ? [] : [ownUrl.origin])], basis);
  const addresses = new Allowances(config.requestsPerSecond, config.requestBurst, config.maxConnections * 2);
  const devices = new Allowances(config.deviceRequestsPerSecond, config.deviceRequestBurst, config.maxNodes);
  const sockets = new EventSockets({ config, registry, hub, mailboxes, addresses, now });
  // A relay joins two connections of this very server: without a URL of its own, a device that is connected to another one could come only by chance.
  const relays = new RelaySockets({ config, mailboxes: ownUrl === null ? hub : mailboxes, ownUrl: ownUrl?.text ?? null, isRegistered: (device) => registry.node(device) !== undefined, now });
  const counts = () => registry.counts;
  const metrics = new ServerMetrics({
    nodes: () => counts().nodes, rooms: () => counts().rooms, entries: () => counts().entries, contents: () => counts().contents, words: () => counts().tokens,
    connections: () => connections.size, webSockets: () => sockets.size, storeFails: () => store.problem !== null, eventMessages: () => hub.sent,
    delivered: () => sockets.delivered, undelivered: () => sockets.undelivered, relays: () => relays.size, relayedBytes: () => relays.bytes,
  });

  const dashboard = new Dashboard({ config, registry, store, metrics, health, certificate: () => served, connections: () => connections.size, webSockets: () => sockets.size, relays, now, wall: () => Date.now() });

  const began = now();
  const restored = { node: registry.restore.bind(registry, began), entry: registry.restoreEntry.bind(registry) };
  await store.loadNodes(restored);

  const app = await createHttpApp({ config, certificate, handlers: bootstrapHandlers({ config, registry, store, proofs, now, health, isStarting: () => starting }), proofs, addresses, devices, sockets, relays, metrics, admin: { handlers: dashboard.handlers, pageDir }, logger, now, isDraining: () => draining });
  const connections = new Set<object>();
  app.server.on('connection', (socket: object & { once(event: 'close', listener: () => void): unknown }) => {
    connections.add(socket);
    socket.once('close', () => { connections.delete(socket); });
  });
  app.server.on('drop', () => { metrics.refused.add({ why: 'too-many' }); });
  if (isTls(app.server)) guardConnections(app.server, { perAddress: config.maxConnectionsPerAddress, halfOpen: config.maxHalfOpen }, addresses, now, () => { metrics.refused.add({ why: 'address' }); });
  const port = await listen(app, config).catch(async (error: unknown) => { await store.close(); throw error; });
  logger.info({ port, tls: certificate !== null, fingerprint: certificate?.fingerprint }, 'listening');
  // A million entries take many seconds to read: everything but announcing more works meanwhile.
  const loaded = store.loadEntries(restored).then((all) => {
    if (!all) registry.doubtEntries();
    starting = false;
    logger.info({ ...counts(), seconds: Math.round(now() - began) / second }, 'the stored state is read');
  });
  const stopWork = keepWorking({ registry, store, hub, sockets, relays, metrics, now });
  const stopReloading = isTls(app.server) ? reloadCertificate(app.server, config, folder, logger, (renewed) => { served = renewed; }) : () => undefined;

  return {
    port,
    fingerprint: certificate?.own === true ? certificate.fingerprint : null,
    close: async () => {
      draining = true;
      logger.info('stopping');
      stopReloading();
      sockets.dismiss(config.heartbeatSeconds * second);
      relays.dismiss();
      const cut = setTimeout(() => { sockets.cut(); relays.cut(); app.server.closeAllConnections(); }, config.drainSeconds * second);
      await app.close();
      clearTimeout(cut);
      stopWork();
      await store.close();
      await loaded;
      metrics.close();
      dashboard.close();
      logger.info('stopped');
    },
  };
}

/** Where this server alone is reached, as devices are told: with our own key, when we speak TLS with it and nothing else is said. */
function ownUrlOf({ ownUrl, publicUrl }: BootstrapConfig, certificate: ServerCertificate | null): ServerUrl | null {
  const url = ownUrl === undefined ? null : parseServerUrl(ownUrl);
  if (url === null || url.fingerprint !== null || publicUrl !== undefined || certificate?.own !== true) return url;
  return parseServerUrl(`${url.origin}#${certificate.fingerprint}`);
}

/** Only who has many servers loads what speaks to Redis. */
async function makeStore({ redisUrl, silenceSeconds }: BootstrapConfig, folder: string, state: Registry, hub: EventHub, now: () => number, logger: Logger): Promise<{ readonly store: RegistryStore; readonly basis?: ProofBasis; readonly mailboxes?: Mailboxes }> {
  const onProblem = (problem: ErrorCode | null, error: unknown): void => {
    if (problem === null) logger.info('the state is stored again');
    else logger.error({ problem, err: error }, 'the state cannot be stored; serving from memory');
  };
  if (redisUrl !== undefined) {
    const { RedisMailboxes, RedisStore } = await import('./redis/shared-state.ts');
    const mailboxes = new RedisMailboxes(hub, now);
    const onSkipped = (count: number): void => { logger.warn({ count }, 'there is something in Redis that is not ours, or damaged; it is left out'); };
    const store = new RedisStore({ url: redisUrl, state, now, silenceMs: silenceSeconds * second, others: [mailboxes], onProblem, onSkipped });
    return { store, basis: store.proofs, mailboxes };
  }
  const { EmbeddedStore } = await import('./embedded-store.ts');
  return { store: new EmbeddedStore({ folder: join(folder, 'store'), state, onProblem, onRecovery: (recovery) => { logger.warn({ recovery }, 'the stored state was damaged'); } }) };
}

const isTls = (server: Server): server is TlsServer => server instanceof TlsServer;

/** Answers with the port. */
async function listen(app: FastifyInstance, { listen: host, port }: BootstrapConfig): Promise<number> {
  const hosts = host === 'all' ? ['::', '0.0.0.0'] : [host];
  for (const [at, each] of hosts.entries()) {
    try {
      await app.listen({ host: each, port });
      const address = app.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // A system without IPv6.
      if ((code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL') && at < hosts.length - 1) continue;
      if (code === 'EADDRINUSE' || code === 'EACCES') throw new AppError('port-taken', { port }, { cause: error });
      throw new AppError('bad-argument', { name: 'listen', detail: error instanceof Error ? error.message : host }, { cause: error });
    }
  }
  throw new AppError('internal');
}

interface Work {
  readonly registry: Registry;
  readonly store: RegistryStore;
  readonly hub: EventHub;
  readonly sockets: EventSockets;
  readonly relays: RelaySockets;
  readonly metrics: ServerMetrics;
  readonly now: () => number;
}

/** What is to be done from time to time, in small portions; answers with what ends it. */
function keepWorking({ registry, store, hub, sockets, relays, metrics, now }: Work): () => void {
  let busy: NodeJS.Immediate | null = null;
  const work = (): void => {
    busy = null;
    const expired = store.expire(now(), expiredAtOnce);
    if (expired > 0) metrics.expired.add({}, expired);
    const more = registry.sweep(sweptAtOnce);
    if (more || expired === expiredAtOnce) busy = setImmediate(work);
  };
  const timers = [
    setInterval(() => { if (busy === null) work(); }, second),
    setInterval(() => { hub.flush(now()); }, flushMs),
    setInterval(() => { sockets.cutSilent(); }, 5 * second),
    setInterval(() => { relays.look(); }, second),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
    if (busy !== null) clearImmediate(busy);
  };
}

/** A certificate that was renewed is used from then on; one that does not fit leaves the old one in use. */
function reloadCertificate(server: TlsServer, config: BootstrapConfig, folder: string, logger: Logger, onRenewed: (certificate: ServerCertificate) => void): () => void {
  let version: string | null = null;
  const look = async (): Promise<void> => {
    const found = await certificateVersion(config);
    if (found === null || found === version) return;
    const first = version === null;
    version = found;
    if (first) return;
    try {
      const certificate: ServerCertificate = await readCertificate(config, folder);
      server.setSecureContext(tlsSettings(certificate));
      onRenewed(certificate);
      logger.info('the new certificate is in use');
    } catch (error) {
      logger.error({ err: error }, 'the new certificate cannot be used; the old one stays');
    }
  };
  void look();
  const timer = setInterval(() => { void look(); }, minute);
  return () => { clearInterval(timer); };
}
