/** Words that several faces use: states, audiences, menus, notifications. */
export const commonEn = {
  app: { name: 'DistriShare', tagline: 'Share files directly between people.' },
  state: {
    transfer: {
      queued: 'queued', preparing: 'preparing', running: 'running', waiting: 'waiting', paused: 'paused', checking: 'checking', done: 'done',
      failed: 'failed', cancelled: 'cancelled',
    },
    upload: { done: 'sent', cancelled: 'sent in part' },
    share: { scanning: 'reading the folder', hashing: 'preparing', ready: 'ready', missing: 'not there', paused: 'paused' },
    trust: { seen: 'new', verified: 'verified', paired: 'trusted', blocked: 'blocked' },
    presence: { online: 'online', offline: 'offline', banned: 'banned' },
    search: { waiting: 'no answer yet' },
    discovery: { on: 'on', off: 'off', failed: 'not possible' },
  },
  audience: { nobody: 'nobody', devices: 'trusted devices', room: 'a room', everyone: 'everyone on this network', public: 'public' },
  path: { loopback: 'this machine', lan: 'LAN', overlay: 'through a VPN', internet: 'internet', relay: 'through a server', via: 'through {name}' },
  mapping: {
    off: 'The router is not asked to let anybody in.', unneeded: 'Not needed while you use no server and are in no room.', 'no-router': 'No network in use has a router that could let others in.', asking: 'The router is being asked…',
    mapped: 'The router lets others in at {address} ({method}).', inner: 'The router lets others in at {address} ({method}), but is itself behind another router.',
    none: 'The router ({router}) opens no port by itself.', failed: 'The router ({router}) would not open a port: {reason}.',
  },
  count: {
    files: 'no files | one file | {n} files',
    items: 'nothing | one item | {n} items',
    people: 'nobody | one person | {n} people',
    shares: 'shares nothing | one share | {n} shares',
    sources: 'no sources | one source | {n} sources',
  },
  value: {
    empty: 'The value for “{name}” does not fit: it must not be empty.', tooLong: 'The value for “{name}” does not fit: one character at most. | The value for “{name}” does not fit: {n} characters at most.',
    atMost: 'The value for “{name}” does not fit: {n} at most.', atLeast: 'The value for “{name}” does not fit: {n} at least.', range: 'The value for “{name}” does not fit: a number from {from} to {to}.',
    choices: 'The value for “{name}” does not fit: one of {choices}.', number: 'The value for “{name}” does not fit: it must be a whole number.', decimal: 'The value for “{name}” does not fit: it must be a number such as {example}.', address: 'The value for “{name}” does not fit: it must look like 192.168.1.7, 192.168.1.7:47800 or name.local.',
    form: 'The value for “{name}” is not of the kind that belongs there.',
  },
  argument: {
    name: 'name', text: 'text', address: 'address', path: 'path', paths: 'files', words: 'search words', invitation: 'invitation', lastsMs: 'duration', peer: 'device', share: 'share', room: 'room', member: 'member',
    downloadDir: 'download folder', port: 'port', servers: 'servers', unusedNetworks: 'networks', downloadLimit: 'limit of downloads', uploadLimit: 'limit of uploads', down: 'limit of downloads', up: 'limit of uploads',
    alternativeDownloadLimit: 'alternative limit of downloads', alternativeUploadLimit: 'alternative limit of uploads', pingBudget: 'what transfers may add to the ping', activeTransfers: 'downloads at once', days: 'days', from: 'beginning',
  },
  evidence: { wrong: 'Sent 1 wrong piece. | Sent {n} wrong pieces.', wrongOf: 'The last was piece {pieces} of {file}. | The last were pieces {pieces} of {file}.' },
  /** Where one can go, in the order of sidebar and menus. */
  place: { nearby: 'Nearby', browse: 'Browse', search: 'Search', transfers: 'Transfers', shares: 'Shares', rooms: 'Rooms', settings: 'Settings' },
  menu: {
    file: 'File', edit: 'Edit', view: 'View', window: 'Window', help: 'Help',
    shareFiles: 'Share files…', shareFolder: 'Share a folder…', openDownloads: 'Open downloads', settings: 'Settings…', pauseAll: 'Pause all transfers',
    resumeAll: 'Resume all transfers', show: 'Open DistriShare', hide: 'Hide DistriShare', hideOthers: 'Hide others', showAll: 'Show all', services: 'Services',
    quit: 'Quit', about: 'About DistriShare', undo: 'Undo', redo: 'Redo', cut: 'Cut', copy: 'Copy', paste: 'Paste', selectAll: 'Select all',
    back: 'Back', forward: 'Forward', reload: 'Reload', developerTools: 'Developer tools', zoomIn: 'Zoom in', zoomOut: 'Zoom out', zoomReset: 'Normal size', fullScreen: 'Full screen',
    minimize: 'Minimise', close: 'Close window',
  },
  tray: {
    idle: 'DistriShare', running: 'DistriShare: {down} down, {up} up', offers: 'one person wants to send you something | {n} people want to send you something', waiting: '{n} downloads wait',
  },
  outside: {
    anew: 'DistriShare was started anew since this page was opened', used: 'This address has been used, or is not whole', why: 'Each start has addresses of its own, and each of them lets in one browser, so that nobody else on this computer gets in.',
    next: 'Open the new address: it is shown where DistriShare was started. Then this page works again, too.', again: 'If you cannot find it, run one of these. DistriShare goes on as it is, and another address is shown.', reload: 'Reload this page',
  },
  notification: {
    offer: { title: '{name} wants to send you something', body: '{what}, {size}' },
    text: { title: '{name} sent you a text' },
    transferDone: { title: '“{name}” has arrived', body: 'In {folder}' },
    transferFailed: { title: '“{name}” has stopped' },
    offerDone: { title: '{name} has received everything' },
    offerDeclined: { title: '{name} declined' },
    pairing: { title: '{name} wants to compare codes', body: 'Open DistriShare and look at the code together.' },
    quitWithTransfers: {
      title: 'Quit while one transfer is running? | Quit while {n} transfers are running?', body: 'They go on by themselves next time.', quit: 'Quit', stay: 'Stay',
    },
  },
  link: { unknown: 'This link is not one DistriShare understands.' },
} as const;
