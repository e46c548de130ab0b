import { join } from 'node:path';
import { app, protocol, session, shell } from 'electron';
import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import { Outbox } from '../node/offers/outbox.ts';
import { declareUiScheme } from './app-scheme.ts';
import { DesktopApp, failToStart } from './desktop-app.ts';
import type { DesktopArguments } from './desktop-arguments.ts';
import { readDesktopArguments } from './desktop-arguments.ts';
import { lockNavigation } from './lock-down.ts';
import { openNode } from './node-host.ts';
import { openShellStore } from './shell-store.ts';

/** What a second start hands over to the first; Chromium reorders the plain command line. */
const handOverSchema = z.object({ hidden: z.boolean(), links: z.array(z.string().max(2000)).max(16) });

function begin(options: DesktopArguments): void {
  // One instance per data directory: the lock lies in this folder, and so does everything Chromium keeps.
  const shellFolder = join(options.dataDir, 'desktop');
  app.setPath('userData', shellFolder);
  app.setAppUserModelId('org.distrishare.app');
  const handOver: z.infer<typeof handOverSchema> = { hidden: options.hidden, links: [...options.links] };
  if (!app.requestSingleInstanceLock(handOver)) {
    app.exit(0);
    return;
  }
  declareUiScheme(protocol);
  lockNavigation(app, shell);
  // Windows puts a link at the end of this command line: nothing after the dashes is read as an option of Chromium's.
  if (app.isPackaged) app.setAsDefaultProtocolClient('distrishare', process.execPath, ['--']);

  let desktop: DesktopApp | null = null;
  const early: string[] = [];
  app.on('second-instance', (_event, _argv, _cwd, data) => {
    const given = handOverSchema.safeParse(data);
    desktop?.begin({ hidden: false, links: given.data?.links ?? [] });
  });
  app.on('open-url', (event, link) => {
    event.preventDefault();
    if (desktop === null) early.push(link);
    else desktop.openLink(link);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { app.quit(); });

  app.whenReady().then(async () => {
    // Until a session exists, TLS and hashing in this process do without the processor's own instructions.
    session.defaultSession.getUserAgent();
    const host = await openNode({ dataDir: options.dataDir, overrides: options.overrides });
    desktop = new DesktopApp(host, openShellStore(shellFolder), new Outbox(options.dataDir));
    desktop.begin({ hidden: options.hidden, links: [...options.links, ...early] });
  }).catch(failToStart);
}

try {
  begin(readDesktopArguments(process.argv.slice(1), process.cwd()));
} catch (error) {
  console.error(error instanceof AppError ? error.message : error);
  app.exit(2);
}
