/** Texts of the desktop shell alone; menus, tray and notifications are in the common catalogue. */
export const desktopEn = {
  closeQuestion: {
    title: 'Keep DistriShare running?',
    body: 'With its window closed it can go on sending and receiving, with an icon beside the clock.',
    keep: 'Keep running', quit: 'Quit', cancel: 'Cancel', remember: 'Do the same next time',
  },
  menu: { keepRunning: 'Keep running when the window is closed' },
  startFailed: { title: 'DistriShare could not start' },
  nodeGone: { title: 'DistriShare has stopped', body: 'Its engine ended unexpectedly. What was received is safe: open DistriShare again and it goes on.' },
} as const;
