import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopBridge } from '#shared/api/bridge.ts';
import { ipcNames } from './ipc-names.ts';

/**
 * All the page may ever do beyond the web: talk to the node in text, learn a dropped file's path, have a pasted picture kept, open the system's
 * file dialog, show a file in its folder. The raw IPC stays here.
 */
const bridge: DesktopBridge<File> = {
  platform: process.platform,
  send: (text) => ipcRenderer.send(ipcNames.toNode, text),
  onMessage(listener) {
    const heard = (_event: unknown, text: unknown): void => {
      if (typeof text === 'string') listener(text);
    };
    ipcRenderer.on(ipcNames.fromNode, heard);
    return () => {
      ipcRenderer.off(ipcNames.fromNode, heard);
    };
  },
  pathForFile: (file) => webUtils.getPathForFile(file),
  async keepFile(name, bytes) {
    const answer: unknown = await ipcRenderer.invoke(ipcNames.keepFile, name, bytes);
    return typeof answer === 'string' ? answer : '';
  },
  async pickPaths(options) {
    const answer: unknown = await ipcRenderer.invoke(ipcNames.pickPaths, options);
    return Array.isArray(answer) ? answer.filter((path) => typeof path === 'string') : [];
  },
  showItem: (path) => ipcRenderer.send(ipcNames.showItem, path),
};

ipcRenderer.send(ipcNames.open);
contextBridge.exposeInMainWorld('distrishare', bridge);
