import type { App, Session, Shell } from 'electron';
import { isUiUrl, uiScheme } from './ui-address.ts';

/** What a page may ask for without being refused: copying an id to the clipboard. The camera is a case of its own. */
const allowedPermissions = ['clipboard-sanitized-write'];
const allowedProtocols = [`${uiScheme}:`, 'devtools:', 'blob:'];

/** The window's own page reads QR codes by camera; nobody else sees or hears anything. */
const isOwnPage = ({ isMainFrame, requestingUrl = '' }: { readonly isMainFrame: boolean; readonly requestingUrl?: string }): boolean => isMainFrame && isUiUrl(requestingUrl);

/** A session that grants nothing else, loads nothing from elsewhere and downloads nothing. */
export function lockSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    const onlyVideo = 'mediaTypes' in details && details.mediaTypes?.length === 1 && details.mediaTypes[0] === 'video';
    answer(allowedPermissions.includes(permission) || (permission === 'media' && onlyVideo && isOwnPage(details)));
  });
  session.setPermissionCheckHandler((_contents, permission, _origin, details) =>
    allowedPermissions.includes(permission) || (permission === 'media' && details.mediaType === 'video' && isOwnPage(details)));
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
