import { join } from 'node:path';
import { Menu, Notification, app, dialog, ipcMain, session, shell } from 'electron';
import type { BrowserWindow } from 'electron';
import type { NodeEvent } from '#shared/api/events.ts';
import { chooseLocale } from '#shared/i18n/locale.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { errorInfo } from '#shared/errors.ts';
import { second } from '#shared/units.ts';
import { errorSentences, translate, translator } from '../api/translate.ts';
import { closeInTime } from '../node/close-in-time.ts';
import type { Outbox } from '../node/offers/outbox.ts';
import { setAppMenu } from './app-menu.ts';
import { serveUi } from './app-scheme.ts';
import { AppTray } from './app-tray.ts';
import { serveBridge } from './bridge-ipc.ts';
import { routeOfLink } from './deep-link.ts';
import type { DesktopArguments } from './desktop-arguments.ts';
import { desktopTexts, shellLocale } from './desktop-texts.ts';
import { lockSession } from './lock-down.ts';
import { createMainWindow, showRoute } from './main-window.ts';
import type { NodeHost } from './node-host.ts';
import { Notices, noticeBody } from './notices.ts';
import { askOnClose, askToQuit } from './questions.ts';
import type { ShellActions } from './shell-actions.ts';
import type { ShellStore } from './shell-store.ts';
import { textMenu } from './text-menu.ts';
import { TransferTotals } from './transfer-totals.ts';

/** Windows tray icons are small; macOS wants a template image, found by its name. */
const trayIcon = process.platform === 'darwin' ? 'trayTemplate.png' : 'tray.png';

/** The window is gone by then; a program that stays behind it would keep the next start away. */
const quitWithinMs = 5 * second;

/** The desktop shell around one node: window, tray, menu, notifications, links, and the order in which they end. */
export class DesktopApp implements ShellActions {
  readonly #host: NodeHost;
  readonly #store: ShellStore;
  readonly #resources = join(app.getAppPath(), 'resources');
  readonly #notices = new Notices(Date.now());
  readonly #totals = new TransferTotals();
  readonly #tray: AppTray;
  #locale: Locale = chooseLocale(app.getPreferredSystemLanguages());
  #window: BrowserWindow | null = null;
  #quitting = false;

  constructor(host: NodeHost, store: ShellStore, outbox: Outbox) {
    this.#host = host;
    this.#store = store;
    serveUi(session.defaultSession, join(app.getAppPath(), 'out', 'renderer'));
    lockSession(session.defaultSession);
    serveBridge({ ipcMain, dialog, shell, host, outbox, windowOf: (contents) => (this.#window?.webContents === contents ? this.#window : null) });
    this.#tray = new AppTray(join(this.#resources, trayIcon), this.#locale, this);
    this.#setMenu();
    host.api.subscribe((event) => { this.#hear(event); });
    host.onGone(() => { this.#nodeGone(); });
    void host.api.call('settings.get', {}).then((settings) => { this.#setLocale(shellLocale(settings.language, app.getPreferredSystemLanguages())); }, logError);
    app.on('before-quit', (event) => { this.#beforeQuit(event); });
    // Closing a window only hides it or quits; the end of the last one decides nothing by itself.
    app.on('window-all-closed', () => { /* see #closeWindow */ });
    app.on('activate', () => { this.open(); });
  }

  /** First thing after the start, and again whenever another start hands over what it was given. */
  begin({ hidden, links }: Pick<DesktopArguments, 'hidden' | 'links'>): void {
    if (links.length === 0 && !hidden) this.open();
    for (const link of links) this.openLink(link);
  }

  open(route?: string): void {
    if (this.#window === null) {
      this.#window = this.#createWindow(route);
      return;
    }
    if (route !== undefined) showRoute(this.#window, route, this.#notLoaded);
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  openLink(link: string): void {
    const route = routeOfLink(link);
    this.open(route ?? undefined);
    if (route === null) void dialog.showMessageBox({ type: 'warning', message: translate(this.#locale, 'link.unknown') });
  }

  go(where: 'back' | 'forward'): void {
    const history = this.#window?.webContents.navigationHistory;
    if (where === 'back') history?.goBack();
    else history?.goForward();
  }

  openDownloads(): void {
    void this.#host.api.call('node.status', {}).then(({ downloadDir }) => shell.openPath(downloadDir)).then((problem) => { if (problem !== '') logError(problem); }, logError);
  }

  pauseAll(paused: boolean): void {
    void this.#host.api.call('transfers.pauseAll', { paused }).catch(logError);
  }

  quit(): void {
    if (this.#totals.count === 0) {
      app.quit();
      return;
    }
    void askToQuit(this.#locale, this.#totals.count).then((yes) => { if (yes) app.quit(); }, logError);
  }

  /** Whoever quits ends the loading of a page, which is no failure. To log it while a debugger takes its leave can also crash Electron. */
  readonly #notLoaded = (error: unknown): void => { if (!this.#quitting) logError(error); };

  #createWindow(route = '/'): BrowserWindow {
    const window = createMainWindow(this.#store, { icon: join(this.#resources, 'icon.png'), route, onError: this.#notLoaded });
    window.on('close', (event) => {
      if (this.#quitting) return;
      event.preventDefault();
      void this.#closeWindow(window).catch(logError);
    });
    window.on('closed', () => { this.#window = null; });
    // Buttons of a mouse or a keyboard.
    window.on('app-command', (_event, command) => {
      if (command === 'browser-backward') this.go('back');
      if (command === 'browser-forward') this.go('forward');
    });
    window.webContents.on('context-menu', (_event, about) => {
      const items = textMenu(translator(this.#locale), about);
      if (items.length > 0) Menu.buildFromTemplate(items).popup({ window });
    });
    return window;
  }

  async #closeWindow(window: BrowserWindow): Promise<void> {
    const { onClose } = this.#store.read();
    if (process.platform === 'darwin' || onClose === 'tray') {
      window.hide();
      return;
    }
    if (onClose === 'quit') {
      this.quit();
      return;
    }
    const { answer, remember } = await askOnClose(window, this.#locale);
    if (answer === 'cancel') return;
    if (remember) {
      this.#store.write({ onClose: answer });
      this.#setMenu();
    }
    if (answer === 'quit') this.quit();
    else window.hide();
  }

  #beforeQuit(event: { preventDefault(): void }): void {
    if (this.#quitting) return;
    this.#quitting = true;
    event.preventDefault();
    // Windows go first, so that what follows looks immediate; the node gets its time to finish what it writes.
    this.#window?.close();
    this.#tray.close();
    void closeInTime([() => this.#host.close()], quitWithinMs, (what, open) => { console.error(what, open); }).catch(logError).finally(() => { app.exit(0); });
  }

  #hear(event: NodeEvent): void {
    this.#totals.step(event);
    if (event.type === 'transfer' || event.type === 'transfers-gone') this.#window?.setProgressBar(this.#totals.fraction ?? -1);
    this.#tray.hear(event);
    if (event.type === 'status') {
      this.#tray.setStatus(event.status);
      app.setBadgeCount(event.status.offersWaiting);
    }
    if (event.type === 'settings') this.#setLocale(shellLocale(event.settings.language, app.getPreferredSystemLanguages()));
    const notice = this.#notices.step(event, this.#locale);
    // Whoever looks at the window sees it there.
    if (notice === null || this.#window?.isFocused() === true || !Notification.isSupported()) return;
    const notification = new Notification({ title: notice.title, body: noticeBody(notice.body, process.platform), icon: join(this.#resources, 'icon.png') });
    notification.on('click', () => { this.open(notice.route); });
    notification.show();
  }

  #setLocale(locale: Locale): void {
    if (locale === this.#locale) return;
    this.#locale = locale;
    this.#setMenu();
    this.#tray.setLocale(locale);
  }

  #setMenu(): void {
    setAppMenu({
      t: translator(this.#locale), actions: this, keepRunning: desktopTexts[this.#locale].menu.keepRunning, keepsRunning: this.#store.read().onClose === 'tray',
      onKeepRunning: (keep) => { this.#store.write({ onClose: keep ? 'tray' : 'quit' }); },
    });
  }

  #nodeGone(): void {
    const { title, body } = desktopTexts[this.#locale].nodeGone;
    dialog.showErrorBox(title, body);
    app.exit(1);
  }
}

/** Tells why there is no node, in the system's language, and ends the program. */
export function failToStart(error: unknown): void {
  logError(error);
  const locale = chooseLocale(app.getPreferredSystemLanguages());
  const { what, next } = errorSentences(locale, errorInfo(error));
  dialog.showErrorBox(desktopTexts[locale].startFailed.title, `${what}\n${next}`);
  app.exit(1);
}

function logError(error: unknown): void {
  console.error(error);
}
