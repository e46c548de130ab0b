/**
 * What the desktop shell puts on `window.distrishare`: the channel to the node and the few things only a desktop has.
 * Faces without it (a browser) reach the node by WebSocket. `FileObject` is the platform's dropped-file type.
 */
export interface DesktopBridge<FileObject = unknown> {
  /** One message of the API envelope, as JSON text. */
  send(text: string): void;
  /** Returns the way to stop listening. */
  onMessage(listener: (text: string) => void): () => void;
  readonly platform: string;
  /** Absolute path of a dropped or chosen file; empty when it has none. */
  pathForFile(file: FileObject): string;
  /**
   * Keeps the bytes of a file that has no path (a pasted picture), `limits.desktop.keptFileBytes` at most, until what is made of it is over. Answers with
   * its path; rejects where it cannot be kept.
   */
  keepFile?(name: string, bytes: Uint8Array): Promise<string>;
  /** The system's dialog; answers with no paths when the user cancels. */
  pickPaths?(options: PickPathsOptions): Promise<string[]>;
  /** Shows a file or folder in the system's file manager. */
  showItem?(path: string): void;
}

export interface PickPathsOptions {
  readonly kind: 'files' | 'folder';
  readonly multiple: boolean;
  readonly title: string;
}
