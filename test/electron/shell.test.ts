import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { DesktopBridge } from '#shared/api/bridge.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { limits } from '#shared/limits.ts';
import { deviceB } from '../contract/fake-node.ts';
import type { Display } from './display.ts';
import { openDisplay } from './display.ts';
import type { Desktop } from './launch.ts';
import { commandLine, launchDesktop, quitDesktop } from './launch.ts';
import { buildShellApp } from './shell-app.ts';

/** What the fixture page and the tests keep in the window and in the main process. */
declare global {
  var distrishare: DesktopBridge<File>;
  var heard: { type?: string; id?: number; value?: { name: string } }[];
  var ran: boolean | undefined;
  var opened: string[];
  var asked: number;
  var shown: unknown[];
}

let display: Display;
let appFolder: string;
let dataDir: string;
let desktop: Desktop;

beforeAll(async () => {
  display = await openDisplay();
  appFolder = await buildShellApp();
});
afterAll(async () => {
  rmSync(appFolder, { recursive: true, force: true });
  await display.close();
});

async function start(args: string[] = []): Promise<Desktop> {
  dataDir = mkdtempSync(join(tmpdir(), 'distrishare-data-'));
  desktop = await launchDesktop({ appFolder, dataDir, display: display.name, args });
  await desktop.window.waitForSelector('html[data-ready=yes]', { timeout: 10_000 });
  return desktop;
}
/** Processes whose command line names a folder, Chromium's own children among them. */
const processesNaming = (folder: string): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
  } catch {
    // It ended while we looked.
    return false;
  }
});

/** Ends the program as the user's session would: every test proves that it does end, and leaves nothing running. */
async function quit(): Promise<void> {
  await quitDesktop(desktop);
  if (process.platform === 'linux') await expect.poll(() => processesNaming(dataDir)).toEqual([]);
}
afterEach(async () => {
  await quit();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Lets the stand-in node say an event, and waits until the page has heard it. */
async function say(window: Page, event: NodeEvent): Promise<void> {
  await window.evaluate((text) => { distrishare.send(text); }, JSON.stringify({ kind: 'call', id: 1, name: 'offers.sendText', args: { peer: 'x', text: JSON.stringify(event) } }));
  await window.waitForFunction((type) => JSON.stringify(heard).includes(`"type":"${type}"`), event.type);
}

it('opens a page that has the bridge and nothing of Node', async () => {
  const { window } = await start();
  expect(window.url()).toBe('distrishare-app://ui/index.html#/');
  const found = await window.evaluate(() => ({
    require: typeof Reflect.get(globalThis, 'require'), process: typeof Reflect.get(globalThis, 'process'), module: typeof Reflect.get(globalThis, 'module'),
    bridge: Object.keys(distrishare).sort(),
  }));
  expect(found).toEqual({ require: 'undefined', process: 'undefined', module: 'undefined', bridge: ['keepFile', 'onMessage', 'pathForFile', 'pickPaths', 'platform', 'send', 'showItem'] });
});

it('keeps a picture that lies nowhere where it can be sent from, under a safe name', async () => {
  const { window } = await start();
  const keep = (name: string, bytes: number): Promise<string> => window.evaluate(([as, length]) => distrishare.keepFile?.(as, new Uint8Array(length).fill(7)).catch(() => 'refused') ?? 'none', [name, bytes] as const);
  const path = await keep('../image.png', 5);
  expect(path.startsWith(join(dataDir, 'outbox'))).toBe(true);
  expect(relative(join(dataDir, 'outbox'), path)).toMatch(/^[0-9a-f]{32}\/[^/]*image\.png$/);
  expect(readFileSync(path)).toEqual(Buffer.alloc(5, 7));
  expect(await keep('image.png', 5)).not.toBe(path);
  expect([await keep('', 5), await keep('huge.png', limits.desktop.keptFileBytes + 1)]).toEqual(['refused', 'refused']);
});

it('is one program of several processes, all of which end with it', async () => {
  await start();
  if (process.platform === 'linux') expect(processesNaming(dataDir).length).toBeGreaterThan(1);
});

it('speaks the contract, and a reloaded page starts a fresh conversation', async () => {
  const { window } = await start();
  const ask = async (): Promise<unknown> => {
    await window.evaluate(() => { distrishare.send(JSON.stringify({ kind: 'call', id: 7, name: 'node.status', args: {} })); });
    const answer = await window.waitForFunction(() => heard.find((message) => message.id === 7)?.value?.name);
    return answer.jsonValue();
  };
  expect(await ask()).toBe('Jade Otter');
  await window.reload();
  await window.waitForSelector('html[data-ready=yes]');
  expect(await ask()).toBe('Jade Otter');
});

it('stays where it is: no navigation, no new windows, no requests, no permissions', async () => {
  const { app, window } = await start();
  await app.evaluate(({ shell }) => {
    globalThis.opened = [];
    shell.openExternal = (url) => {
      opened.push(url);
      return Promise.resolve();
    };
  });
  await window.evaluate(() => { document.querySelector<HTMLAnchorElement>('#leave')?.click(); });
  await window.evaluate(() => { open('file:///etc/passwd'); open('http://example.org/'); });
  await window.evaluate(() => { document.querySelector<HTMLAnchorElement>('#web')?.click(); });
  const outcome = await window.evaluate(async () => ({
    fetch: await fetch('https://example.org/').then(() => 'fetched', () => 'refused'),
    notification: await Notification.requestPermission(),
    outside: await fetch('distrishare-app://ui/..%2f..%2fpackage.json').then((answer) => answer.status),
    other: await fetch('distrishare-app://else/index.html').then(() => 'fetched', () => 'refused'),
    inlineScript: await new Promise((resolve) => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.body.append(script);
      resolve(globalThis.ran ?? 'refused');
    }),
  }));
  expect(outcome).toEqual({ fetch: 'refused', notification: 'denied', outside: 404, other: 'refused', inlineScript: 'refused' });
  expect(window.url()).toBe('distrishare-app://ui/index.html#/');
  expect(app.windows()).toHaveLength(1);
  expect(await app.evaluate(() => opened)).toEqual(['https://example.org/']);
});

it('lets its own page see by camera, and nobody hear or see anything else', async () => {
  const { window } = await start(['--use-fake-device-for-media-stream']);
  const asked = await window.evaluate(async () => {
    const ask = (wish: MediaStreamConstraints): Promise<string> => navigator.mediaDevices.getUserMedia(wish).then((stream) => {
      const kinds = stream.getTracks().map((track) => track.kind).join(' ');
      for (const track of stream.getTracks()) track.stop();
      return kinds;
    }, (error: Error) => error.name);
    return { camera: await ask({ video: true }), microphone: await ask({ audio: true }), both: await ask({ audio: true, video: true }), screen: await navigator.mediaDevices.getDisplayMedia({ video: true }).then(() => 'given', () => 'refused') };
  });
  expect(asked).toEqual({ camera: 'video', microphone: 'NotAllowedError', both: 'NotAllowedError', screen: 'refused' });
});

it('quits while its page is still loading, and complains of nothing', async () => {
  const { app } = await start();
  const complaints = await app.evaluate(({ app: self, BrowserWindow, session: { defaultSession: { protocol } } }) => new Promise<string[]>((resolve) => {
    const said: string[] = [];
    console.error = (...what: unknown[]) => { said.push(what.map(String).join(' ')); };
    self.exit = () => { resolve(said); };
    protocol.unhandle('distrishare-app');
    protocol.handle('distrishare-app', () => new Promise(() => { /* never answered */ }));
    BrowserWindow.getAllWindows()[0]?.destroy();
    self.emit('activate');
    self.quit();
  }));
  expect(complaints).toEqual([]);
});

it('shows the first instance, with the link, when it is started again', async () => {
  const { app, window } = await start();
  await app.evaluate(({ BrowserWindow }) => { BrowserWindow.getAllWindows()[0]?.hide(); });
  const { executablePath, args, env } = await commandLine({ appFolder, dataDir, display: display.name, args: ['distrishare:search/holiday%20films'] });
  const second = spawn(executablePath, args, { env, stdio: 'ignore' });
  const [code] = await once(second, 'exit') as [number | null];
  expect(code).toBe(0);
  await window.waitForURL('distrishare-app://ui/index.html#/search?prefill=holiday+films');
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isVisible()))).toEqual([true]);
});

it('asks what closing means, remembers the answer, and goes on in the tray', async () => {
  const { app } = await start();
  await app.evaluate(({ dialog }) => {
    globalThis.asked = 0;
    dialog.showMessageBox = () => {
      asked += 1;
      return Promise.resolve({ response: 0, checkboxChecked: true });
    };
  });
  const closeAndLook = (): Promise<{ visible: boolean[]; asked: number }> => app.evaluate(async ({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    const hidden = new Promise<void>((resolve) => { window?.once('hide', () => { resolve(); }); });
    window?.close();
    await hidden;
    return { visible: BrowserWindow.getAllWindows().map((each) => each.isVisible()), asked };
  });
  expect(await closeAndLook()).toEqual({ visible: [false], asked: 1 });
  await app.evaluate(({ app: self }) => { self.emit('activate'); });
  expect(await closeAndLook()).toEqual({ visible: [false], asked: 1 });
  const kept = z.object({ onClose: z.string(), window: z.object({ width: z.number() }) }).parse(JSON.parse(readFileSync(join(dataDir, 'desktop/desktop.json'), 'utf8')));
  expect(kept.onClose).toBe('tray');
});

it('notifies of an offer while nobody looks, and shows progress in the taskbar', async () => {
  const { app, window } = await start();
  await app.evaluate(({ BrowserWindow, Notification }) => {
    globalThis.shown = [];
    Notification.isSupported = () => true;
    Notification.prototype.show = function show(this: Electron.Notification) { shown.push([this.title, this.body]); };
    const only = BrowserWindow.getAllWindows()[0];
    only?.hide();
    if (only) only.setProgressBar = (fraction) => { shown.push(fraction); };
  });
  await say(window, {
    type: 'offer',
    offer: {
      id: 'a'.repeat(32) as never, direction: 'in', peer: deviceB, state: 'asked', reason: null, text: null, count: 1, bytes: 2_000_000, doneBytes: 0, transfers: [], at: 1,
      items: [{ name: '<b>film</b> & more.mkv', kind: 'file', bytes: 2_000_000, files: 1 }],
    },
  });
  await say(window, {
    type: 'transfer',
    transfer: {
      id: 'b'.repeat(16) as never, direction: 'down', name: 'film.mkv', kind: 'file', state: 'running', reason: null, bytes: 100, doneBytes: 25, files: 1, doneFiles: 0, reusedBytes: 0,
      rate: 1, etaSeconds: 1, priority: 'normal', inOrder: false, peers: [], path: null, contentId: null, addedAt: 1, finishedAt: null,
    },
  });
  expect(await app.evaluate(() => shown)).toEqual([
    [`${deviceB.slice(0, 7)} wants to send you something`, process.platform === 'linux' ? '&lt;b&gt;film&lt;/b&gt; &amp; more.mkv, 2.00\u00a0MB' : '<b>film</b> & more.mkv, 2.00\u00a0MB'],
    0.25,
  ]);
});

it('remembers where the window was', async () => {
  const { app } = await start();
  await app.evaluate(({ BrowserWindow }) => { BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 50, width: 900, height: 640 }); });
  await quit();
  desktop = await launchDesktop({ appFolder, dataDir, display: display.name });
  const bounds = await desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds());
  expect(bounds).toEqual({ x: 40, y: 50, width: 900, height: 640 });
  expect(existsSync(join(dataDir, 'desktop'))).toBe(true);
});
