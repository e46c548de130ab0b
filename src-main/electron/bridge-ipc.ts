import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import type { BrowserWindow, Dialog, IpcMain, IpcMainEvent, IpcMainInvokeEvent, Shell, WebContents } from 'electron';
import * as z from 'zod';
import type { ApiChannel } from '#shared/api/channel.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { safePath } from '#shared/names.ts';
import type { Outbox } from '../node/offers/outbox.ts';
import { ipcNames } from './ipc-names.ts';
import type { NodeHost } from './node-host.ts';
import { isUiUrl } from './ui-address.ts';

const messageSchema = z.string().max(limits.rpc.requestBytes);
const pickSchema = z.object({ kind: z.enum(['files', 'folder']), multiple: z.boolean(), title: z.string().max(200) });
const keptNameSchema = z.string().min(1).max(limits.names.pathBytes);
const keptBytesSchema = z.instanceof(Uint8Array).refine((bytes) => bytes.length <= limits.desktop.keptFileBytes);
const pathSchema = z.string().min(1).max(limits.names.pathBytes).refine(isAbsolute);

/** Of the name of a kept file's own folder. */
const batchBytes = 16;

export interface BridgeOptions {
  readonly ipcMain: IpcMain;
  readonly dialog: Dialog;
  readonly shell: Shell;
  readonly host: NodeHost;
  readonly outbox: Outbox;
  /** The window a page belongs to; null for any page that is not one of our windows. */
  readonly windowOf: (contents: WebContents) => BrowserWindow | null;
}

/** Serves the preload bridge. A message from anything but the UI's own main frame is ignored. */
export function serveBridge({ ipcMain, dialog, shell, host, outbox, windowOf }: BridgeOptions): void {
  const pages = new Map<WebContents, PageChannel>();

  const isTrusted = ({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    windowOf(sender) !== null && senderFrame === sender.mainFrame && isUiUrl(senderFrame.url);

  ipcMain.on(ipcNames.open, (event) => {
    if (!isTrusted(event)) return;
    const { sender } = event;
    // A reloaded page starts afresh: what its predecessor still waited for is nobody's.
    pages.get(sender)?.close();
    if (!pages.has(sender)) sender.once('destroyed', () => { pages.get(sender)?.close(); pages.delete(sender); });
    const page = new PageChannel(sender);
    pages.set(sender, page);
    host.serve(page);
  });
  ipcMain.on(ipcNames.toNode, (event, text: unknown) => {
    const message = messageSchema.safeParse(text);
    if (isTrusted(event) && message.success) pages.get(event.sender)?.receive(message.data);
  });
  ipcMain.on(ipcNames.showItem, (event, path: unknown) => {
    const checked = pathSchema.safeParse(path);
    if (isTrusted(event) && checked.success) shell.showItemInFolder(checked.data);
  });
  ipcMain.handle(ipcNames.keepFile, async (event, name: unknown, bytes: unknown): Promise<string> => {
    const checkedName = keptNameSchema.safeParse(name);
    const checkedBytes = keptBytesSchema.safeParse(bytes);
    if (!isTrusted(event) || !checkedName.success || !checkedBytes.success) throw new AppError('bad-argument', { name: 'keepFile' });
    const { data } = checkedBytes;
    const { path } = await outbox.putFile(randomBytes(batchBytes).toString('hex'), safePath([checkedName.data]).path, data.length, (file) => file.writeFile(data));
    return path;
  });
  ipcMain.handle(ipcNames.pickPaths, async (event, options: unknown): Promise<string[]> => {
    const window = windowOf(event.sender);
    const checked = pickSchema.safeParse(options);
    if (!isTrusted(event) || window === null || !checked.success) throw new AppError('bad-argument', { name: 'pickPaths' });
    const { kind, multiple, title } = checked.data;
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title,
      properties: [kind === 'files' ? 'openFile' : 'openDirectory', ...(kind === 'folder' ? ['createDirectory' as const] : []), ...(multiple ? ['multiSelections' as const] : [])],
    });
    return canceled ? [] : filePaths;
  });
}

/** One page's end of the contract. */
class PageChannel implements ApiChannel {
  readonly #contents: WebContents;
  #closed = false;
  #hear: (text: string) => void = () => { /* until the node listens, nothing can have been asked */ };
  #ended: (() => void) | undefined;

  constructor(contents: WebContents) {
    this.#contents = contents;
  }

  receive(text: string): void {
    if (!this.#closed) this.#hear(text);
  }

  send(text: string, sent?: () => void): void {
    if (this.#closed || this.#contents.isDestroyed()) return;
    this.#contents.send(ipcNames.fromNode, text);
    sent?.();
  }

  onMessage(listener: (text: string) => void): void {
    this.#hear = listener;
  }

  onClose(listener: () => void): void {
    this.#ended = listener;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended?.();
  }
}
