import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import type { Translate } from '../api/translate.ts';
import type { ShellActions } from './shell-actions.ts';

/** As the sidebar has them; settings stand apart in both. */
const places = [
  { place: 'nearby', route: '/' }, { place: 'browse', route: '/browse' }, { place: 'search', route: '/search' }, { place: 'transfers', route: '/transfers' },
  { place: 'shares', route: '/shares' }, { place: 'rooms', route: '/rooms' },
] as const;
const separator: MenuItemConstructorOptions = { type: 'separator' };

export interface AppMenuOptions {
  readonly t: Translate;
  readonly actions: ShellActions;
  /** Text and state of the choice to go on without a window. */
  readonly keepRunning: string;
  readonly keepsRunning: boolean;
  readonly onKeepRunning: (keep: boolean) => void;
}

/** The application's menu: macOS shows it always, other systems with Alt; its shortcuts work everywhere. */
export function setAppMenu({ t, actions, keepRunning, keepsRunning, onKeepRunning }: AppMenuOptions): void {
  const mac = process.platform === 'darwin';
  const settings: MenuItemConstructorOptions = { label: t('menu.settings'), accelerator: 'CmdOrCtrl+,', click: () => { actions.open('/settings'); } };
  const quit: MenuItemConstructorOptions = { label: t('menu.quit'), accelerator: 'CmdOrCtrl+Q', click: () => { actions.quit(); } };
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{
      label: t('app.name'),
      submenu: [
        { role: 'about', label: t('menu.about') }, separator, settings, separator, { role: 'services', label: t('menu.services') }, separator,
        { role: 'hide', label: t('menu.hide') }, { role: 'hideOthers', label: t('menu.hideOthers') }, { role: 'unhide', label: t('menu.showAll') }, separator, quit,
      ],
    } satisfies MenuItemConstructorOptions] : []),
    {
      label: t('menu.file'),
      submenu: [
        { label: t('menu.shareFiles'), accelerator: 'CmdOrCtrl+O', click: () => { actions.open('/shares?add=files'); } },
        { label: t('menu.shareFolder'), accelerator: 'CmdOrCtrl+Shift+O', click: () => { actions.open('/shares?add=folder'); } },
        separator,
        { label: t('menu.openDownloads'), click: () => { actions.openDownloads(); } },
        separator,
        { label: t('menu.pauseAll'), click: () => { actions.pauseAll(true); } },
        { label: t('menu.resumeAll'), click: () => { actions.pauseAll(false); } },
        separator,
        { role: 'close', label: t('menu.close') },
        ...(mac ? [] : [
          { type: 'checkbox', label: keepRunning, checked: keepsRunning, click: (item) => { onKeepRunning(item.checked); } } satisfies MenuItemConstructorOptions,
          separator, settings, quit,
        ]),
      ],
    },
    {
      label: t('menu.edit'),
      submenu: [
        { role: 'undo', label: t('menu.undo') }, { role: 'redo', label: t('menu.redo') }, separator, { role: 'cut', label: t('menu.cut') },
        { role: 'copy', label: t('menu.copy') }, { role: 'paste', label: t('menu.paste') }, { role: 'selectAll', label: t('menu.selectAll') },
      ],
    },
    {
      label: t('menu.view'),
      submenu: [
        ...places.map(({ place, route }, index) => ({ label: t(`place.${place}`), accelerator: `CmdOrCtrl+${index + 1}`, click: () => { actions.open(route); } })),
        separator,
        { label: t('menu.back'), accelerator: mac ? 'Cmd+[' : 'Alt+Left', click: () => { actions.go('back'); } },
        { label: t('menu.forward'), accelerator: mac ? 'Cmd+]' : 'Alt+Right', click: () => { actions.go('forward'); } },
        separator,
        { role: 'zoomIn', label: t('menu.zoomIn') }, { role: 'zoomOut', label: t('menu.zoomOut') }, { role: 'resetZoom', label: t('menu.zoomReset') },
        { role: 'togglefullscreen', label: t('menu.fullScreen') }, separator, { role: 'reload', label: t('menu.reload') },
        { role: 'toggleDevTools', label: t('menu.developerTools') },
      ],
    },
    { role: 'window', label: t('menu.window'), submenu: [{ role: 'minimize', label: t('menu.minimize') }, { role: 'close', label: t('menu.close') }] },
    ...(mac ? [] : [{ role: 'help', label: t('menu.help'), submenu: [{ role: 'about', label: t('menu.about') }] } satisfies MenuItemConstructorOptions]),
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
