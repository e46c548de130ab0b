import Store from 'electron-store';
import * as z from 'zod';

const boundsSchema = z.object({ x: z.int(), y: z.int(), width: z.int().min(320), height: z.int().min(240), maximized: z.boolean() });
const shellStateSchema = z.object({
  window: boundsSchema.nullable().catch(null),
  /** What closing the last window does. */
  onClose: z.enum(['ask', 'tray', 'quit']).catch('ask'),
});
export type WindowBounds = z.infer<typeof boundsSchema>;
export type ShellState = z.infer<typeof shellStateSchema>;

/** What belongs to the desktop shell alone; everything a node knows is in its own settings. */
export interface ShellStore {
  read(): ShellState;
  write(change: Partial<ShellState>): void;
}

/** Kept in `desktop.json` in the shell's own folder. A damaged file counts as none. */
export function openShellStore(folder: string): ShellStore {
  const store = new Store({ name: 'desktop', cwd: folder, clearInvalidConfig: true });
  return {
    read: () => shellStateSchema.parse({ window: store.get('window') ?? null, onClose: store.get('onClose') }),
    write: (change) => { store.set(change); },
  };
}
