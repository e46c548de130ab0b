import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import { parseServerUrl } from '#shared/server-url.ts';
import { badArgument } from '#shared/value-problem.ts';
import { configEnv, envOf, envPrefix, flagOf, settingNames, type BootstrapSetting } from './setting-names.ts';

/** Numbers and lists may come as text: from the environment and from options. */
const whole = (least: number, most: number, usual: number) => z.preprocess((value) => (typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value), z.int().min(least).max(most)).default(usual);
const yesOrNo = z.preprocess((value) => (value === 'true' || value === 'on' ? true : value === 'false' || value === 'off' ? false : value), z.boolean());
const origin = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.pathname === '/' && url.search === '' && url.hash === '') return url.origin;
  context.issues.push({ code: 'custom', message: 'https://HOST[:PORT]', input: text });
  return z.NEVER;
});
const serverUrl = z.string().transform((text, context) => {
  const url = parseServerUrl(text);
  if (url !== null) return url.text;
  context.issues.push({ code: 'custom', message: 'https://HOST[:PORT][#FINGERPRINT]', input: text });
  return z.NEVER;
});
/** Addresses and networks in CIDR notation. */
const proxies = z.preprocess((value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value), z.array(z.string().refine((text) => {
  const [host = '', bits] = text.split('/', 2);
  return isIP(host) !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIP(host) === 4 ? 32 : 128)));
}, 'IP[/BITS]')).max(64));

const redisForm = 'redis[s]://[USER:PASSWORD@]HOST[:PORT][/NUMBER], unix:/PATH, or several of a cluster with commas between';
/** What is wrong with it is said without it: a password may be in it. */
const redisUrl = z.string().refine((text) => text.split(',').every((part, _, parts) => {
  const url = URL.canParse(part.trim()) ? new URL(part.trim()) : null;
  if (url?.protocol === 'unix:') return parts.length === 1 && url.pathname.length > 1;
  return (url?.protocol === 'redis:' || url?.protocol === 'rediss:') && url.hostname !== '' && url.search === '' && /^(\/\d*)?$/.test(url.pathname);
}), redisForm);
const hasPassword = (text: string): boolean => text.split(',').some((part) => URL.canParse(part.trim()) && new URL(part.trim()).password !== '');

/** Everything an operator may set, the same for file, environment and options. */
const settingsShape = {
  /** `all`, or one address of this machine. */
  listen: z.union([z.literal('all'), z.ipv4(), z.ipv6()]).default('all'),
  port: whole(0, 65_535, 47_900),
  /** As clients write it, when their TLS ends elsewhere. */
  publicUrl: origin.optional(),
  /** Under which this server alone is reached, when several stand behind one address. */
  ownUrl: serverUrl.optional(),
  plainHttp: yesOrNo.default(false),
  trustProxy: proxies.default([]),
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  adminToken: z.string().min(16).max(200).optional(),
  /** Where servers that stand behind one address keep their common state; without it each has its own. */
  redisUrl: redisUrl.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  heartbeatSeconds: whole(1, 3600, 10),
  silenceSeconds: whole(2, 86_400, 30),
  drainSeconds: whole(0, 600, 5),
  maxNodes: whole(1, 10_000_000, 100_000),
  maxNodesPerAddress: whole(1, 10_000_000, 1000),
  maxEntries: whole(0, 100_000_000, 2_000_000),
  maxEntriesPerNode: whole(0, 1_000_000, 20_000),
  maxEntriesPerAddress: whole(0, 100_000_000, 200_000),
  maxConnections: whole(1, 1_000_000, 20_000),
  maxConnectionsPerAddress: whole(1, 1_000_000, 1000),
  maxHalfOpen: whole(1, 100_000, 1024),
  requestsPerSecond: whole(1, 1_000_000, 200),
  requestBurst: whole(20, 10_000_000, 2000),
  deviceRequestsPerSecond: whole(1, 1_000_000, 5),
  deviceRequestBurst: whole(20, 10_000_000, 300),
  /** Whether connections of devices that do not reach each other go through this server. */
  relay: yesOrNo.default(false),
  maxRelays: whole(1, 1_000_000, 1000),
  maxRelaysPerDevice: whole(1, 1_000_000, 16),
  maxRelaysPerAddress: whole(1, 1_000_000, 200),
  /** Of one relayed connection, both directions together; 0: no limit. */
  relayBytesPerSecond: whole(0, 100_000_000_000, 0),
} satisfies Record<BootstrapSetting, z.ZodType>;

export const bootstrapConfigSchema = z.strictObject(settingsShape);
export type BootstrapConfig = z.output<typeof bootstrapConfigSchema>;

export interface ConfigSources {
  /** From `--config`. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What was said by options, by setting. */
  readonly flags: Readonly<Partial<Record<BootstrapSetting, unknown>>>;
  readonly cwd: string;
}

/** Options win over the environment, and that over the file. Rejects with `bad-argument`, `file-missing` or `disk-error`, naming what is wrong as it was written. */
export async function readConfig({ file, env, flags, cwd }: ConfigSources): Promise<BootstrapConfig> {
  const path = file ?? env[configEnv];
  const fromFile = path === undefined ? {} : await readConfigFile(resolve(cwd, path));
  const fromEnv = fromEnvironment(env);
  const checked = bootstrapConfigSchema.safeParse({ ...fromFile, ...fromEnv, ...flags });
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const name = settingNames.find((each) => each === issue?.path[0]);
    if (name === undefined) throw new AppError('bad-argument', { name: path ?? '', detail: issue?.message ?? '' });
    throw named(checked.error, name in flags ? `--${flagOf(name)}` : name in fromEnv ? envOf(name) : name);
  }
  checkTogether(checked.data);
  // Everybody on the machine sees the options of a program.
  if (flags.redisUrl !== undefined && checked.data.redisUrl !== undefined && hasPassword(checked.data.redisUrl)) throw new AppError('bad-argument', { name: `--${flagOf('redisUrl')}`, detail: `a password: redisUrl in the file, or ${envOf('redisUrl')}` });
  return checked.data;
}

function named(error: z.ZodError, name: string): AppError {
  const [issue] = error.issues;
  return issue?.code === 'custom' || issue?.code === 'invalid_union' ? new AppError('bad-argument', { name, detail: issue.message }) : badArgument(error, name);
}

/** What no setting can say for itself. */
function checkTogether({ certFile, keyFile, plainHttp, publicUrl, heartbeatSeconds, silenceSeconds }: BootstrapConfig): void {
  const refuse = (name: BootstrapSetting, detail: string): never => { throw new AppError('bad-argument', { name, detail }); };
  if ((certFile === undefined) !== (keyFile === undefined)) refuse(certFile === undefined ? 'certFile' : 'keyFile', 'certFile + keyFile');
  if (plainHttp && certFile !== undefined) refuse('plainHttp', 'plainHttp | certFile');
  // Devices that come through a proxy can only prove themselves by signing under which name they know the server.
  if (plainHttp && publicUrl === undefined) refuse('publicUrl', 'plainHttp + publicUrl');
  if (silenceSeconds <= heartbeatSeconds) refuse('silenceSeconds', `> ${heartbeatSeconds} (heartbeatSeconds)`);
}

function fromEnvironment(env: ConfigSources['env']): Partial<Record<BootstrapSetting, string>> {
  const values: Partial<Record<BootstrapSetting, string>> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(envPrefix) || variable === configEnv || value === undefined) continue;
    const name = settingNames.find((each) => envOf(each) === variable);
    if (name === undefined) throw new AppError('bad-argument', { name: variable, detail: settingNames.map(envOf).join(', ') });
    values[name] = value;
  }
  return values;
}

/** Paths in a file are relative to it. */
async function readConfigFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError(error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'file-missing' : 'disk-error', { path }, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('bad-argument', { name: path, detail: error instanceof Error ? error.message : '' }, { cause: error });
  }
  const settings = z.record(z.string(), z.unknown()).safeParse(json);
  if (!settings.success) throw new AppError('bad-argument', { name: path, detail: '{ … }' });
  const { data } = settings;
  for (const key of ['certFile', 'keyFile']) if (typeof data[key] === 'string') data[key] = resolve(dirname(path), data[key]);
  return data;
}
