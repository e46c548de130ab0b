import { Menu, Tray, nativeImage } from 'electron';
import type { NodeEvent } from '#shared/api/events.ts';
import { formatRate } from '#shared/i18n/format.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import { translator } from '../api/translate.ts';
import type { ShellActions } from './shell-actions.ts';
import { WaitingDownloads } from './waiting-downloads.ts';

/** The icon beside the clock: says what moves and what waits, opens the window, is where to quit. */
export class AppTray {
  readonly #tray: Tray;
  readonly #actions: ShellActions;
  #locale: Locale;
  #status: NodeStatus | null = null;
  readonly #waiting = new WaitingDownloads();
  #shown = '';

  constructor(icon: string, locale: Locale, actions: ShellActions) {
    const image = nativeImage.createFromPath(icon);
    if (process.platform === 'darwin') image.setTemplateImage(true);
    this.#tray = new Tray(image);
    this.#actions = actions;
    this.#locale = locale;
    this.#tray.on('click', () => { actions.open(); });
    this.#refresh();
  }

  setLocale(locale: Locale): void {
    this.#locale = locale;
    this.#refresh();
  }

  setStatus(status: NodeStatus): void {
    this.#status = status;
    this.#refresh();
  }

  hear(event: NodeEvent): void {
    if (this.#waiting.step(event)) this.#refresh();
  }

  close(): void {
    this.#tray.destroy();
  }

  #refresh(): void {
    // What the node says while the program ends comes too late.
    if (this.#tray.isDestroyed()) return;
    const t = translator(this.#locale);
    const { downRate = 0, upRate = 0, offersWaiting = 0 } = this.#status ?? {};
    const moving = downRate + upRate > 0;
    const summary = moving ? t('tray.running', { down: formatRate(this.#locale, downRate), up: formatRate(this.#locale, upRate) }) : t('tray.idle');
    const offers = offersWaiting > 0 ? t('tray.offers', { n: offersWaiting }) : '';
    const waits = this.#waiting.text(this.#locale);
    // Replacing an open menu closes it on some systems, so only news does.
    const toolTip = [summary, waits, offers].filter((line) => line !== '').join('\n');
    const text = `${this.#locale}\n${toolTip}`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#tray.setToolTip(toolTip);
    this.#tray.setContextMenu(Menu.buildFromTemplate([
      { label: t('menu.show'), click: () => { this.#actions.open(); } },
      ...(offers === '' ? [] : [{ label: offers, click: () => { this.#actions.open('/'); } }]),
      ...(waits === '' ? [] : [{ label: waits, click: () => { this.#actions.open('/transfers'); } }]),
      { type: 'separator' },
      { label: t('menu.openDownloads'), click: () => { this.#actions.openDownloads(); } },
      { label: t('menu.pauseAll'), click: () => { this.#actions.pauseAll(true); } },
      { label: t('menu.resumeAll'), click: () => { this.#actions.pauseAll(false); } },
      { type: 'separator' },
      { label: t('menu.quit'), click: () => { this.#actions.quit(); } },
    ]));
  }
}
