import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { limits } from '#shared/limits.ts';
import type { AdminAnswer, AdminInput, AdminRouteName, NodeRow, Overview } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapRoutes } from '#shared/protocol/bootstrap-routes.ts';
import type { HealthAnswer } from '#shared/protocol/bootstrap.ts';
import { minute, second } from '#shared/units.ts';
import type { ServerCertificate } from '../certificate.ts';
import type { BootstrapConfig } from '../config.ts';
import { filesPage, holdersPage, nodeEntriesPage, nodesPage } from '../registry/admin-pages.ts';
import type { Registry } from '../registry/registry.ts';
import type { RegistryStore } from '../registry-store.ts';
import type { ServerMetrics } from '../server-metrics.ts';
import { Activity, type Reading } from './activity.ts';
import { alertsOf } from './alerts.ts';

const stepMs = 2 * second;
/** How often lateness is measured; a timer that is on time is so much later than the one before it. */
const resolutionMs = 20;
/** Lateness is judged over so many steps: one long step is no alarm. */
const delaySteps = 5;

export interface DashboardParts {
  readonly config: BootstrapConfig;
  readonly registry: Registry;
  readonly store: Pick<RegistryStore, 'heardMsAgo'>;
  readonly metrics: ServerMetrics;
  readonly health: () => HealthAnswer;
  /** The one in use; null where TLS ends elsewhere. */
  readonly certificate: () => ServerCertificate | null;
  readonly connections: () => number;
  readonly webSockets: () => number;
  readonly relays: { readonly size: number; readonly bytes: number };
  /** Of a clock that never goes back. */
  readonly now: () => number;
  /** Of the calendar, by which certificates end. */
  readonly wall: () => number;
}

export type AdminHandlers = { readonly [Name in AdminRouteName]: (input: AdminInput<Name>) => AdminAnswer<Name> | Promise<AdminAnswer<Name>> };

/** What the operator is shown. Reads the counters every two seconds, whether somebody looks or not. */
export class Dashboard {
  readonly handlers: AdminHandlers;
  readonly #parts: DashboardParts;
  readonly #activity = new Activity();
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: NodeJS.Timeout;
  readonly #began: number;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    const { registry, now } = parts;
    this.#began = now();
    this.handlers = {
      overview: () => this.#overview(),
      nodes: async (input) => {
        const page = nodesPage(registry, now(), input);
        return { ...page, rows: await this.#asAllHeard(page.rows) };
      },
      nodeEntries: async (input) => {
        const page = nodeEntriesPage(registry, now(), input);
        const [node = page.node] = await this.#asAllHeard([page.node]);
        return { ...page, node };
      },
      files: (input) => filesPage(registry, input),
      holders: (input) => holdersPage(registry, input),
    };
    this.#delay.enable();
    this.#read();
    this.#timer = setInterval(() => { this.#read(); }, stepMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #read(): void {
    this.#activity.take(this.#parts.now(), this.#reading());
    this.#delay.reset();
  }

  #reading(): Reading {
    const { registry, relays, metrics: { requestSeconds, errors, refused } } = this.#parts;
    const asked = (path: string): number => requestSeconds.count({ route: path });
    const { user, system } = process.cpuUsage();
    const late = this.#delay.percentile(99) / 1e6 - resolutionMs;
    return {
      requests: requestSeconds.count({}), heartbeats: registry.heartbeats, registrations: asked(bootstrapRoutes.register.path), announcements: asked(bootstrapRoutes.entries.path), searches: asked(bootstrapRoutes.search.path),
      errors: errors.count({}), failures: errors.count({ code: 'internal' }), refused: refused.count({}), cpu: (user + system) / 1e6, relayed: relays.bytes,
      memory: residentBytes(), delay: Number.isFinite(late) ? Math.max(0, late) : 0,
    };
  }

  /** What this server has heard of devices, and what the others have. */
  async #asAllHeard(rows: readonly NodeRow[]): Promise<NodeRow[]> {
    const ages = await this.#parts.store.heardMsAgo(rows.map(({ deviceId }) => deviceId));
    return rows.map((row) => {
      const elsewhere = ages.get(row.deviceId);
      return elsewhere === undefined ? row : { ...row, heardMsAgo: Math.min(elsewhere, row.heardMsAgo ?? Infinity) };
    });
  }

  #overview(): Overview {
    const { config, registry, health: healthNow, certificate: certificateNow, connections, webSockets, relays, now, wall } = this.#parts;
    const { nodes, rooms, entries, contents } = registry.counts;
    const counts = { nodes, rooms, entries, contents, connections: connections(), webSockets: webSockets(), relays: relays.size };
    const bounds = { nodes: config.maxNodes, entries: config.maxEntries, connections: config.maxConnections, memory: memoryOfMachine() };
    const certificate = certificateNow();
    const endsInMs = certificate === null ? null : certificate.endsAt - wall();
    const health = healthNow();
    const activity = this.#activity;
    return {
      health, counts, limits: bounds, uptimeMs: Math.round(now() - this.#began),
      certificate: certificate === null || endsInMs === null ? null : { own: certificate.own, fingerprint: certificate.fingerprint, endsInMs },
      activity: { stepMs, series: activity.copy() },
      alerts: alertsOf({
        health, counts, limits: bounds, memory: residentBytes(), certificateEndsInMs: endsInMs,
        refused: Math.round(activity.recent('refused', minute / stepMs) * minute / second),
        failures: Math.round(activity.recent('failures', limits.bootstrap.activitySteps) * activity.steps * stepMs / second),
        delayMs: activity.recent('delay', delaySteps),
      }),
    };
  }
}

/** 0 where the system does not tell, as in a chroot without /proc: no reason to end a server. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

/** What this process may use: a container may have less than its machine. */
function memoryOfMachine(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}
