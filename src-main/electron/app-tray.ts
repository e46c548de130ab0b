import { Menu, Tray, nativeImage } from 'electron';
import { formatRate } from '#shared/i18n/format.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import { translator } from '../api/translate.ts';
import type { ShellActions } from './shell-actions.ts';

/** The icon beside the clock: says what moves, opens the window, is where to quit. */
export class AppTray {
  readonly #tray: Tray;
  readonly #actions: ShellActions;
  #locale: Locale;
  #status: NodeStatus | null = null;
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
    // Replacing an open menu closes it on some systems, so only news does.
    const text = `${this.#locale}\n${summary}\n${offers}`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#tray.setToolTip(offers === '' ? summary : `${summary}\n${offers}`);
    this.#tray.setContextMenu(Menu.buildFromTemplate([
      { label: t('menu.show'), click: () => { this.#actions.open(); } },
      ...(offers === '' ? [] : [{ label: offers, click: () => { this.#actions.open('/'); } }]),
      { type: 'separator' },
      { label: t('menu.openDownloads'), click: () => { this.#actions.openDownloads(); } },
      { label: t('menu.pauseAll'), click: () => { this.#actions.pauseAll(true); } },
      { label: t('menu.resumeAll'), click: () => { this.#actions.pauseAll(false); } },
      { type: 'separator' },
      { label: t('menu.quit'), click: () => { this.#actions.quit(); } },
    ]));
  }
}
