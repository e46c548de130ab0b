import type { App, Session, Shell } from 'electron';
import { isUiUrl, uiScheme } from './ui-address.ts';

/** What a page may ask for without being refused: copying an id to the clipboard. */
const allowedPermissions = ['clipboard-sanitized-write'];
const allowedProtocols = [`${uiScheme}:`, 'devtools:', 'blob:'];

/** A session that grants nothing, loads nothing from elsewhere and downloads nothing. */
export function lockSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => { answer(allowedPermissions.includes(permission)); });
  session.setPermissionCheckHandler((_contents, permission) => allowedPermissions.includes(permission));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => { event.preventDefault(); });
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !allowedProtocols.includes(new URL(details.url).protocol) });
  });
}

/** Keeps every page where it is; a link to the web opens in the user's own browser. */
export function lockNavigation(app: App, shell: Shell): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => {
      if (!isUiUrl(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => { event.preventDefault(); });
    contents.on('will-attach-webview', (event) => { event.preventDefault(); });
    contents.setWindowOpenHandler(({ url }) => {
      if (URL.canParse(url) && new URL(url).protocol === 'https:') void shell.openExternal(url);
      return { action: 'deny' };
    });
  });
}
