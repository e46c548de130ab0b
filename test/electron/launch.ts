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
