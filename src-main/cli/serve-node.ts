import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import * as z from 'zod';
import { AppError, errorInfo } from '#shared/errors.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import type { SettingsPatch } from '#shared/settings.ts';
import { connectLocal } from '../local/connect-local.ts';
import { startLocalServer } from '../local/local-server.ts';
import { closeInTime } from '../node/close-in-time.ts';
import { startNode } from '../node/node.ts';
import { straightOut } from '../node/ports/outgoing.ts';
import { Sabotage, type SabotagePlan } from '../node/serving/sabotage.ts';
import { defaultWebPort } from '../web/default-web-port.ts';
import { startWebServer } from '../web/web-server.ts';
import type { WebServer } from '../web/web-server.ts';
import type { CliContext } from './context.ts';
import { sparingEngine } from './engine-flags.ts';
import { printable, printableLines } from './printable.ts';

export interface ServePlan {
  readonly overrides: SettingsPatch;
  readonly listen: string | undefined;
  /** Faults on purpose; null: none. */
  readonly sabotage: SabotagePlan | null;
  readonly web: { readonly port: number | undefined } | null;
}

const stopWithinMs = 1900;
/** The call that gives a fresh link to the web page; only the local channel has it. */
const webUrlCall = 'local.webUrl';
const webUrlSchema = z.string().nullable();

/** The built UI lies beside the bundle; code run from its sources takes what was built last. */
const uiDir = (): string => fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../out/renderer' : '../renderer', import.meta.url));

/** Runs a node with all its faces until Ctrl-C or SIGTERM. Rejects with what keeps it from starting. */
export async function serveNode(context: CliContext, plan: ServePlan): Promise<void> {
  const { out, t, dataDir, signal } = context;
  // An error's own text may hold a name from somebody else.
  const log = (what: string, error: unknown): void => { console.error(`${printable(what)} ${printableLines(inspect(error))}`); };
  const { sabotage } = plan;
  // On stderr whatever the form of the output is: nobody must run this without knowing.
  if (sabotage !== null) console.error(t('cli.serve.sabotage', { plan: JSON.stringify(sabotage) }));
  const faults = sabotage === null ? {} : { outgoing: new Sabotage(sabotage, straightOut), warnings: [{ code: 'sabotage-on' as const }] };
  const node = await startNode({ dataDir, overrides: plan.overrides, listen: plan.listen, ...faults, onError: (error) => { log('background work', error); } }).catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'node-already-running') await showRunning(context);
    throw error;
  });
  const closing: (() => Promise<void>)[] = [() => node.close()];
  try {
    const { web, problem } = plan.web === null ? { web: null, problem: null } : await startWeb({ api: node.api, dataDir, uiDir: uiDir(), port: plan.web.port ?? defaultWebPort, onInternalError: log });
    if (web !== null) closing.unshift(() => web.close());
    const local = await startLocalServer({ api: node.api, dataDir, onInternalError: log, extras: { [webUrlCall]: () => Promise.resolve(web?.newUrl() ?? null) } });
    closing.unshift(() => local.close());

    const { name } = await node.api.call('settings.get', {});
    const webUrl = web?.newUrl() ?? null;
    out.event('ready', { deviceId: node.deviceId, port: node.port, webUrl, name, dataDir });
    out.line(t('cli.serve.ready', { name, port: node.port }));
    out.line(t('cli.serve.device', { id: node.deviceId }));
    out.line(webUrl === null ? t('cli.serve.webOff') : t('cli.serve.web', { url: webUrl }));
    if (problem !== null) {
      out.note(t('cli.serve.failedFace'));
      out.error(problem);
    }
    if (web !== null && !existsSync(join(uiDir(), 'index.html'))) out.note(t('cli.serve.noUi'));
    out.line(t('cli.serve.stop'));
    sparingEngine();

    await aborted(signal);
    out.note(t('cli.serve.stopping'));
  } finally {
    await closeInTime(closing, stopWithinMs, log);
  }
}

/** Without its web page a node is still worth running. */
async function startWeb(options: Parameters<typeof startWebServer>[0]): Promise<{ web: WebServer | null; problem: ErrorInfo | null }> {
  try {
    return { web: await startWebServer(options), problem: null };
  } catch (error) {
    return { web: null, problem: errorInfo(error) };
  }
}

/** Somebody wants to use what runs already: give them a way in. */
async function showRunning({ out, t, dataDir }: CliContext): Promise<void> {
  try {
    const running = await connectLocal(dataDir);
    const webUrl = webUrlSchema.parse(await running.callExtra(webUrlCall, {}));
    running.close();
    out.event('already-running', { webUrl });
    if (webUrl !== null) out.note(t('cli.serve.web', { url: webUrl }));
  } catch (error) {
    // It is just starting or stopping; that it runs is said anyway.
    if (!(error instanceof AppError)) throw error;
  }
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => { resolve(); }, { once: true });
});
