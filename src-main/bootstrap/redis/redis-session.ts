import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { AppError } from '#shared/errors.ts';
import { second, type Millis } from '#shared/units.ts';
import type { Script } from './redis-scripts.ts';

/** A Redis that takes longer is as good as away: what waits for it are people. */
const patienceMs = 3 * second;

/** Connections to Redis that are well. When anything fails the whole session ends, and a new one begins with reading what is there now. */
export interface RedisSession {
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Null when something of another kind lies under this key. */
  hash(key: string): Promise<Record<string, string> | null>;
  /** Answers with what lies there from then on. */
  keepFirst(key: string, value: string): Promise<string | null>;
  /** False when there was something already. */
  claim(key: string, forMs: number): Promise<boolean>;
  subscribe(channels: readonly string[], heard: (channel: string, message: string) => void): Promise<void>;
  publish(channel: string, message: string): Promise<void>;
  close(): void;
}

/** Opens a session; `ended` is called at most once, and only after that. */
export type OpenRedis = (url: string, ended: (error: AppError) => void) => Promise<RedisSession>;

/**
 * `not-reachable`, or `refused` when Redis answers but does not do what it is asked. The library's errors carry the whole command, and some messages quote it: neither is to be
 * read in a log.
 */
function plainError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const detail = (error instanceof Error ? error.message : '').split(', with args', 1)[0] ?? '';
  return new AppError(error instanceof Error && error.name === 'ReplyError' ? 'refused' : 'not-reachable', { detail });
}

const common = (patience: Millis) => ({
  lazyConnect: true, connectTimeout: patience, commandTimeout: patience, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false, autoResubscribe: false, disableClientInfo: true, protocol: 2,
}) satisfies RedisOptions;

export const openRedisWithin = (patience: Millis): OpenRedis => async (url, ended) => {
  const urls = url.split(',').map((part) => part.trim());
  const [first = ''] = urls;
  let over = false;
  const endedOnce = (error: AppError): void => {
    if (over) return;
    over = true;
    ended(error);
  };
  return urls.length > 1 ? openCluster(urls, patience, endedOnce) : openSingle(first, patience, endedOnce);
};
export const openRedis = openRedisWithin(patienceMs);

/** `unix:` with a path and perhaps `?db=NUMBER`, else as the library reads URLs. */
function clientFor(url: string, patience: Millis): Redis {
  const options = { ...common(patience), retryStrategy: () => null } satisfies RedisOptions;
  if (!url.startsWith('unix:')) return new Redis(url, options);
  const { pathname, searchParams, username, password } = new URL(url);
  return new Redis({ ...options, path: decodeURIComponent(pathname), db: Number(searchParams.get('db') ?? 0), ...(username === '' ? {} : { username: decodeURIComponent(username) }), ...(password === '' ? {} : { password: decodeURIComponent(password) }) });
}

async function openSingle(url: string, patience: Millis, ended: (error: AppError) => void): Promise<RedisSession> {
  const commands = clientFor(url, patience);
  // Who listens can ask nothing else of Redis over the same connection.
  const listener = clientFor(url, patience);
  const clients = [commands, listener];
  await connect(clients, patience, ended);
  return sessionOver(commands, listener, () => { for (const client of clients) client.disconnect(); });
}

async function openCluster(urls: readonly string[], patience: Millis, ended: (error: AppError) => void): Promise<RedisSession> {
  const first = new URL(urls[0] ?? '');
  const options = { ...common(patience), ...(first.protocol === 'rediss:' ? { tls: {} } : {}), ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }), ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }) };
  const nodes = urls.map((each) => { const { hostname, port } = new URL(each); return { host: hostname, port: Number(port === '' ? 6379 : port) }; });
  const cluster = new Cluster(nodes, { lazyConnect: true, clusterRetryStrategy: () => null, slotsRefreshTimeout: patience, redisOptions: options });
  await connect([cluster], patience, ended);
  // What one machine is told, all tell. A connection of our own: the library would go to another machine without a word, and what was told meanwhile would be lost.
  const masters = cluster.nodes('master');
  const { host, port } = masters[Math.floor(Math.random() * masters.length)]?.options ?? {};
  const listener = new Redis({ ...options, ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }), retryStrategy: () => null });
  // A machine is gone: whoever takes its place may know less.
  const lost = (): void => { ended(new AppError('not-reachable', { detail: 'a machine of the cluster' })); };
  const close = (): void => {
    cluster.off('-node', lost);
    for (const client of [cluster, listener]) client.disconnect();
  };
  try {
    await connect([listener], patience, ended);
  } catch (error) {
    close();
    throw error;
  }
  cluster.on('-node', lost);
  return sessionOver(cluster, listener, close);
}

async function connect(clients: readonly (Redis | Cluster)[], patience: Millis, ended: (error: AppError) => void): Promise<void> {
  let last: unknown = null;
  let open = false;
  let fail: (error: AppError) => void = () => undefined;
  // The library waits for the answers of its first commands without an end, and says nothing when a cluster is not ready.
  const failed = new Promise<never>((_, reject) => { fail = reject; });
  const timer = setTimeout(() => { fail(new AppError('not-reachable', { detail: 'no answer' })); }, patience);
  for (const client of clients) {
    client.on('error', (error: unknown) => { last = error; });
    client.on('end', () => {
      if (open) ended(plainError(last));
      else fail(plainError(last));
    });
  }
  try {
    await Promise.race([Promise.all(clients.map((client) => client.connect())), failed]);
    open = true;
  } catch (error) {
    for (const client of clients) client.disconnect();
    // Why Redis closed a connection says more than that it did.
    throw plainError(last ?? error);
  } finally {
    clearTimeout(timer);
  }
}

const asPlain = <Answer>(work: Promise<Answer>): Promise<Answer> => work.catch((error: unknown) => { throw plainError(error); });

function sessionOver(commands: Redis | Cluster, listener: Redis | Cluster, close: () => void): RedisSession {
  const begins = (error: unknown, start: string): boolean => error instanceof Error && error.message.startsWith(start);
  return {
    run: ({ lua, sha1 }, keys, args) => asPlain(commands.evalsha(sha1, keys.length, ...keys, ...args).catch((error: unknown) => {
      if (begins(error, 'NOSCRIPT')) return commands.eval(lua, keys.length, ...keys, ...args);
      throw error;
    })),
    hash: (key) => asPlain(commands.hgetall(key).catch((error: unknown) => {
      if (begins(error, 'WRONGTYPE')) return null;
      throw error;
    })),
    keepFirst: async (key, value) => {
      await asPlain(commands.set(key, value, 'NX'));
      return asPlain(commands.get(key));
    },
    claim: async (key, forMs) => (await asPlain(commands.set(key, '1', 'PX', forMs, 'NX'))) === 'OK',
    subscribe: async (channels, heard) => {
      listener.on('message', heard);
      await asPlain(listener.subscribe(...channels));
    },
    publish: async (channel, message) => { await asPlain(commands.publish(channel, message)); },
    close,
  };
}
