/** Names of the messages between the window and the main process; preload and main both import them. */
export const ipcNames = {
  /** Window → main: a fresh page wants a fresh channel to the node. */
  open: 'distrishare:open',
  toNode: 'distrishare:to-node',
  fromNode: 'distrishare:from-node',
  pickPaths: 'distrishare:pick-paths',
  keepFile: 'distrishare:keep-file',
  showItem: 'distrishare:show-item',
} as const;
