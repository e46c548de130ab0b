/** What menu, tray and notifications can ask of the program. */
export interface ShellActions {
  /** Shows the window, at a page if one is named. */
  open(route?: string): void;
  /** To the page before, or the one after it again. */
  go(where: 'back' | 'forward'): void;
  openDownloads(): void;
  pauseAll(paused: boolean): void;
  quit(): void;
}
