import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import { adminRoutes, type AdminRouteName } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapPaths, type BootstrapRoute } from '#shared/protocol/bootstrap-routes.ts';
import { hasAdminToken } from '../admin-token.ts';
import type { AdminHandlers } from './dashboard.ts';
import { readPage, type PageFile } from './page-files.ts';

export interface DashboardRouteParts {
  /** None: the dashboard is off. */
  readonly adminToken: string | undefined;
  readonly handlers: AdminHandlers;
  /** Folder of the built page. */
  readonly pageDir: string;
  /** Notes who asks, and takes what it costs. Throws `rate-limited`. */
  readonly admit: (request: FastifyRequest, cost: number) => void;
  readonly parse: (route: BootstrapRoute, request: FastifyRequest) => unknown;
}

/** The page runs nothing but its own files and talks to nobody but its server; nothing may frame it, and its forms go nowhere. */
const pageHeaders = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer', 'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
} as const;

const pageCost = 1;

/** The page of the dashboard, which anybody may load, and what it shows, which takes the admin token. */
export function addDashboardRoutes(app: FastifyInstance, parts: DashboardRouteParts): void {
  for (const name of Object.keys(adminRoutes) as AdminRouteName[]) addRoute(app, parts, name);
  let page: Promise<ReadonlyMap<string, PageFile>> | null = null;
  const send = async (path: string, reply: FastifyReply): Promise<FastifyReply> => {
    const file = (await (page ??= readPage(parts.pageDir))).get(path);
    if (file === undefined) throw new BootstrapError('not-found', { detail: 'no such page' });
    return reply.headers(pageHeaders).type(file.type).send(file.bytes);
  };
  const onRequest = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => { parts.admit(request, pageCost); done(); };
  app.get(bootstrapPaths.dashboard, { onRequest }, (_request, reply) => send('index.html', reply));
  app.get<{ Params: { '*': string } }>(`${bootstrapPaths.dashboard}/*`, { onRequest }, ({ params }, reply) => send(params['*'] === '' ? 'index.html' : params['*'], reply));
}

function addRoute(app: FastifyInstance, { adminToken, handlers, admit, parse }: DashboardRouteParts, name: AdminRouteName): void {
  const route: BootstrapRoute = adminRoutes[name];
  const handle = handlers[name] as (input: unknown) => unknown;
  app.get(route.path.replace(/\{(\w+)\}/g, ':$1'), {
    onRequest: (request, _reply, done) => {
      admit(request, route.cost);
      if (adminToken === undefined) throw new BootstrapError('not-found', { detail: 'the server has no adminToken' });
      if (!hasAdminToken(request, adminToken)) throw new BootstrapError('not-authorised');
      done();
    },
  }, async (request, reply) => reply.send(await handle(parse(route, request))));
}
