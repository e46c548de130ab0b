import { join } from 'node:path';
import { BrowserWindow, nativeTheme, screen } from 'electron';
import type { ShellStore, WindowBounds } from './shell-store.ts';
import { uiUrl } from './ui-address.ts';

const firstSize = { width: 1180, height: 780 };

/** The remembered place, unless its display is gone. */
function placeOf(bounds: WindowBounds | null): { width: number; height: number; x?: number; y?: number } {
  if (bounds === null) return firstSize;
  const { workArea } = screen.getDisplayMatching(bounds);
  const visible = bounds.x < workArea.x + workArea.width - 50 && bounds.x + bounds.width > workArea.x + 50 && bounds.y >= workArea.y - 10 && bounds.y < workArea.y + workArea.height - 50;
  return visible ? { x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height } : firstSize;
}

/** A window that is an isolated, sandboxed web page with the preload bridge and nothing else. `onError`: its page could not be loaded, which shows in the window itself. */
export function createMainWindow(store: ShellStore, { icon, route = '/', onError }: { icon: string; route?: string; onError: (error: unknown) => void }): BrowserWindow {
  const { window: remembered } = store.read();
  const window = new BrowserWindow({
    ...placeOf(remembered),
    minWidth: 360,
    minHeight: 480,
    title: 'DistriShare',
    icon,
    show: false,
    autoHideMenuBar: process.platform !== 'darwin',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0B0D0C' : '#F1F2EF',
    webPreferences: {
      preload: join(__dirname, 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (remembered?.maximized === true) window.maximize();
  const remember = (): void => {
    store.write({ window: { ...window.getNormalBounds(), maximized: window.isMaximized() } });
  };
  window.on('close', remember);
  window.once('ready-to-show', () => { window.show(); });
  showRoute(window, route, onError);
  return window;
}

/** Goes to a page of the UI; changing what follows `#` does not load the page again. */
export function showRoute(window: BrowserWindow, route: string, onError: (error: unknown) => void): void {
  window.loadURL(uiUrl(route)).catch(onError);
}
