import { once } from 'node:events';
import { _electron } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { electronExecutable } from './runtime.mjs';

export interface Desktop {
  readonly app: ElectronApplication;
  readonly window: Page;
}

export interface LaunchOptions {
  readonly appFolder: string;
  readonly dataDir: string;
  readonly display: string;
  readonly args?: readonly string[];
}

/** Environment and arguments every start shares. As root Chromium has no sandbox to offer. */
export async function commandLine({ appFolder, dataDir, display, args = [] }: LaunchOptions): Promise<{ executablePath: string; args: string[]; env: Record<string, string> }> {
  const executablePath = process.env['DISTRISHARE_ELECTRON'] ?? (await electronExecutable()).path;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  return {
    executablePath,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--lang=en', appFolder, '--data', dataDir, ...args],
    env: { ...env, ...(display === '' ? {} : { DISPLAY: display }), LANG: 'en_US.UTF-8', ELECTRON_DISABLE_SECURITY_WARNINGS: '1' },
  };
}

/** Starts the desktop app and waits for its window. */
export async function launchDesktop(options: LaunchOptions): Promise<Desktop> {
  const app = await _electron.launch(await commandLine(options));
  const window = await app.firstWindow();
  return { app, window };
}

/** Longer than the app allows its node to take. */
const quitWithinMs = 30_000;

/**
 * Quits the app as its menu does, and waits until the process is gone. Whoever only calls `app.quit()` leaves the debugger
 * connected, for which the process waits when it ends: Playwright's own way lets go of it. A process that stays is ended, and fails the test.
 */
export async function quitDesktop({ app }: Desktop): Promise<void> {
  const child = app.process();
  const said: string[] = [];
  child.stderr?.on('data', (chunk) => { said.push(String(chunk)); });
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();
  const late = setTimeout(() => { child.kill('SIGKILL'); }, quitWithinMs);
  await app.close();
  await ended;
  clearTimeout(late);
  if (child.signalCode !== null) throw new Error(`the app ended by ${child.signalCode} instead of by quitting; it said:\n${said.join('')}`);
}
