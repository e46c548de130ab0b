import * as z from 'zod';
import { limits } from '../limits.ts';
import { bytesSchema, contentIdSchema, deviceIdSchema } from '../model/ids.ts';
import { entrySchema, healthAnswerSchema, nodeSchema } from './bootstrap.ts';
import type { BootstrapRoute } from './bootstrap-routes.ts';

/** What a server shows to its operator, who has its admin token. Every page is bounded, whatever the server holds. */

const count = z.int().nonnegative();

/** How often per second; `relayed`: bytes for others. `cpu`: cores that were busy. `failures`: requests that failed by the server's own mistake. */
export const countedSeries = ['requests', 'registrations', 'heartbeats', 'announcements', 'searches', 'errors', 'failures', 'refused', 'relayed', 'cpu'] as const;
/** What it was at the end of the step: bytes, and milliseconds that the process was late at most (99 %). */
export const measuredSeries = ['memory', 'delay'] as const;
export const activitySeries = [...countedSeries, ...measuredSeries] as const;
export type ActivitySeries = (typeof activitySeries)[number];
/** One figure a step, oldest first. */
const series = z.array(z.number().nonnegative()).max(limits.bootstrap.activitySteps);

export const alertSchema = z.discriminatedUnion('code', [
  /** `problem`: an error code, as in `store-disk-full`. */
  z.object({ code: z.literal('store-failing'), level: z.literal('danger'), problem: z.string() }),
  z.object({ code: z.literal('near-limit'), level: z.enum(['warn', 'danger']), limit: z.enum(['nodes', 'entries', 'connections', 'memory']), used: count, most: count }),
  z.object({ code: z.literal('certificate-ends'), level: z.enum(['warn', 'danger']), days: z.int() }),
  z.object({ code: z.literal('connections-refused'), level: z.literal('warn'), perMinute: count }),
  z.object({ code: z.literal('own-errors'), level: z.literal('danger'), count }),
  z.object({ code: z.literal('slow'), level: z.literal('warn'), delayMs: z.number().nonnegative() }),
  z.object({ code: z.literal('starting'), level: z.literal('warn') }),
  z.object({ code: z.literal('draining'), level: z.literal('warn') }),
]);
export type Alert = z.infer<typeof alertSchema>;

export const overviewSchema = z.object({
  health: healthAnswerSchema,
  uptimeMs: count,
  counts: z.object({ nodes: count, rooms: count, entries: count, contents: count, connections: count, webSockets: count, relays: count }),
  limits: z.object({ nodes: count, entries: count, connections: count, memory: count }),
  /** Null: TLS ends elsewhere. */
  certificate: z.object({ own: z.boolean(), fingerprint: deviceIdSchema, endsInMs: z.int() }).nullable(),
  activity: z.object({ stepMs: z.int().positive(), series: z.record(z.enum(activitySeries), series) }),
  /** Most urgent first. */
  alerts: z.array(alertSchema),
});
export type Overview = z.infer<typeof overviewSchema>;

const from = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0);
const page = <Row extends z.ZodType>(row: Row) => ({
  rows: z.array(row).max(limits.bootstrap.rowsPerPage),
  /** What to give as `from` for more; null: there is none. A page that looked for something may be short, or empty, and have a next one. */
  next: count.nullable(),
});

export const nodeRowSchema = z.object({ ...nodeSchema.shape, rooms: count, entries: count, /** By whatever server; null: by another one, and when is not known now. */ heardMsAgo: count.nullable() });
export type NodeRow = z.infer<typeof nodeRowSchema>;

const holding = {
  /** What it has, in percent. */
  percent: z.int().min(0).max(100),
  role: z.enum(['seeder', 'leecher']),
};
export const holderRowSchema = z.object({ ...nodeSchema.omit({ addresses: true }).shape, ...holding });
export type HolderRow = z.infer<typeof holderRowSchema>;
const contentShape = { contentId: contentIdSchema, kind: entrySchema.shape.kind, name: z.string(), bytes: bytesSchema };
export const fileRowSchema = z.object({ ...contentShape, seeders: count, leechers: count, /** Some of them. */ holders: z.array(holderRowSchema).max(limits.bootstrap.holdersPerHit) });
export type FileRow = z.infer<typeof fileRowSchema>;
export const entryRowSchema = z.object({ ...contentShape, ...holding, /** Everybody who announced it. */ holders: count });
export type EntryRow = z.infer<typeof entryRowSchema>;

const route = <Input extends z.ZodObject, Answer extends z.ZodObject>(path: string, cost: number, summary: string, input: Input, answer: Answer, errors: BootstrapRoute['errors'] = []) =>
  ({ method: 'GET', path, auth: 'admin', input, answer, errors, cost, summary, bodyBytes: 0 }) as const;

export const adminRoutes = {
  overview: route('/v1/admin/overview', 2, 'Health, alerts, counts and what went on in the last minutes.', z.object({}), overviewSchema),
  nodes: route('/v1/admin/nodes', 5, 'Registered nodes, in the order in which they came.', z.object({ from, find: z.string().max(100).default('') }), z.object({ ...page(nodeRowSchema), total: count })),
  nodeEntries: route('/v1/admin/nodes/{deviceId}', 5, 'One node and what it announced.', z.object({ deviceId: deviceIdSchema, from }), z.object({ node: nodeRowSchema, ...page(entryRowSchema) }), ['not-registered']),
  files: route('/v1/admin/files', 10, 'Announced contents and who has them; with `words` as the search of devices finds them.', z.object({ from, words: z.string().max(limits.search.queryChars).default('') }), z.object({ ...page(fileRowSchema), total: count })),
  holders: route('/v1/admin/files/{contentId}', 5, 'One content and everybody who announced it.', z.object({ contentId: contentIdSchema, from }), z.object({ file: fileRowSchema.nullable(), ...page(holderRowSchema) })),
} as const satisfies Record<string, BootstrapRoute>;

export type AdminRoutes = typeof adminRoutes;
export type AdminRouteName = keyof AdminRoutes;
export type AdminInput<Name extends AdminRouteName> = z.output<AdminRoutes[Name]['input']>;
export type AdminAnswer<Name extends AdminRouteName> = z.output<AdminRoutes[Name]['answer']>;
