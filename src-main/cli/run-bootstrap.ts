import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { pino, destination } from 'pino';
import { bootstrapPaths } from '#shared/protocol/bootstrap-routes.ts';
import { readConfig, type ConfigSources } from '../bootstrap/config.ts';
import { startBootstrapServer } from '../bootstrap/start-server.ts';
import type { CliContext } from './context.ts';

/** Where the build puts the dashboard, seen from the sources and from the bundle. */
const dashboardDir = (): string => fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../out/dashboard' : '../dashboard', import.meta.url));

/** Runs a bootstrap server until Ctrl-C or SIGTERM. What it logs goes to stderr, one JSON object a line. Rejects with what keeps it from starting. */
export async function runBootstrap({ out, t, dataDir, cwd, signal }: CliContext, { file, flags }: Pick<ConfigSources, 'file' | 'flags'>): Promise<void> {
  const config = await readConfig({ file, flags, env: process.env, cwd });
  const logger = pino({ level: config.logLevel, base: { name: 'distrishare-bootstrap' }, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
  const server = await startBootstrapServer(config, dataDir, logger, dashboardDir());
  const { port, fingerprint } = server;
  const host = config.listen === 'all' ? hostname() : config.listen;
  const url = config.publicUrl ?? `${config.plainHttp ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}${fingerprint === null ? '' : `#${fingerprint}`}`;
  out.event('ready', { url, port, fingerprint });
  out.line(t('cli.bootstrap.ready', { url }));
  if (config.listen === 'all' && config.publicUrl === undefined) out.line(t('cli.bootstrap.host', { host }));
  if (fingerprint !== null) out.line(t('cli.bootstrap.own', { fingerprint }));
  if (config.adminToken !== undefined) out.line(t('cli.bootstrap.dashboard', { url: new URL(bootstrapPaths.dashboard, url).href }));
  out.line(t('cli.serve.stop'));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => { resolve(); }, { once: true });
  });
  out.note(t('cli.serve.stopping'));
  await server.close();
}
