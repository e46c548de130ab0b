/** The dashboard of a bootstrap server: for whoever runs one, so it may speak of devices, requests and limits. */
export const dashboardEn = {
  title: 'DistriShare server', skip: 'Skip to content', otherLanguage: 'Español', themeDark: 'Dark theme', signOut: 'Sign out', close: 'Close', copy: 'Copy', copied: 'Copied',
  signIn: {
    title: 'The dashboard of your server', text: 'Enter the server’s admin token. It stays in this tab and is forgotten when you close it.', label: 'Admin token', submit: 'Show the dashboard', busy: 'Asking…',
    wrong: 'This is not the token of this server.', wrongNext: 'It is the adminToken of the server’s settings.', slow: 'Too many tries from your address.', slowNext: 'Try again in {time}.',
  },
  off: {
    title: 'The dashboard is off', text: 'It shows addresses of devices, so the server shows it only to whoever has its admin token, and this server has none.', how: 'To switch it on, give the server a token of at least 16 characters and start it again:',
    file: 'In its settings file', env: 'Or in its environment', example: 'something long that nobody guesses', again: 'Try again',
  },
  lost: { title: 'The server does not answer', text: 'What you see is from {when}. It goes on by itself when the server is back.', first: 'The server does not answer. It is asked again by itself.' },
  status: { ok: 'Healthy', attention: 'Needs attention', degraded: 'Degraded', draining: 'Stopping', live: 'Live', lost: 'No answer' },
  head: { version: 'Version {version}', uptime: 'Running for {time}', tlsOwn: 'Own certificate', tlsAuthority: 'Certificate for {time} more', tlsNone: 'TLS ends at a proxy', fingerprint: 'Copy the fingerprint' },
  alerts: {
    label: 'Alerts', storeFailing: 'The state cannot be stored: {problem}', storeFailingNext: 'The server goes on from memory and tries again every 5 seconds. Look at its disk.',
    near_nodes: '{used} of {most} devices', near_entries: '{used} of {most} shared files', near_connections: '{used} of {most} connections', near_memory: '{used} of {most} memory',
    next_nodes: 'Beyond that, devices that come are refused. Raise maxNodes, or run a second server.', next_entries: 'Beyond that, no more is listed. Raise maxEntries if there is memory for it.', next_connections: 'Beyond that, nobody gets in. Raise maxConnections, and LimitNOFILE with it.',
    next_memory: 'The system may end the server. Lower maxNodes and maxEntries, or give it more memory.', certificateEnds: 'The certificate ends today | The certificate ends in {n} day | The certificate ends in {n} days', certificateEnded: 'The certificate has ended',
    certificateNext: 'Renew it; the server takes the new files within a minute, without a restart.', refused: '{n} connection refused in the last minute | {n} connections refused in the last minute', refusedNext: 'One address that asks too much, or many people behind one. The limits for each address are in the settings.',
    ownErrors: '{n} request failed by a mistake of the server | {n} requests failed by a mistake of the server', ownErrorsNext: 'The log has the details. Please report them.', slow: 'Everything waits {time} longer', slowNext: 'The processor is busy with something else, or the server has more to do than one core can.',
    starting: 'Still reading what it had stored', startingNext: 'Everything works but announcing; searches may miss something until it is done.', draining: 'The server is about to stop', drainingNext: 'Devices were told when to come back.',
  },
  charts: {
    title: 'The last five minutes', heartbeats: 'Heartbeats', registrations: 'Registrations', searches: 'Searches', announcements: 'Announcements', requests: 'HTTP requests', errors: 'Refused requests', perSecond: '{n}/s', describe: '{name}: {now} now, {most} at most in the last five minutes',
  },
  server: {
    title: 'This server', devices: 'Devices', entries: 'Shared files', connections: 'Connections', memory: 'Memory', of: 'of {most}', processor: 'Processor', delay: 'Delay', rooms: 'Rooms', contents: 'Distinct files', relays: 'Relayed connections', webSockets: 'Listening for changes', refused: 'Connections refused', oneCore: '{percent} of one core',
  },
  lists: {
    label: 'What the server knows', files: 'Files', devices: 'Devices', findFiles: 'Find a file by words of its name', findDevices: 'Find a device by id or address', clear: 'Clear', previous: 'Previous page', next: 'Next page', range: '{from}–{to} of {total}', found: '{n} found | {n} found',
    noFiles: 'Nothing is shared with everybody yet.', noDevices: 'No device is here yet.', nothingFound: 'Nothing fits “{words}”.', notHere: 'Nothing fits in this part; there are more devices to look through.', failed: 'This list could not be read. It is tried again by itself.',
  },
  column: { name: 'Name', size: 'Size', seeders: 'Seeders', leechers: 'Leechers', who: 'Who has it', device: 'Device', outside: 'Comes from', addresses: 'Reached at', rooms: 'Rooms', shares: 'Files', heard: 'Last heard', percent: 'Has', role: 'Role' },
  role: { seeder: 'Seeder', leecher: 'Leecher' },
  kind: { file: 'File', folder: 'Folder' },
  file: { id: 'Content id', who: 'Who has it', gone: 'Nobody announces this content any more.', more: '+{n}', summary: '{seeders} complete, {leechers} in part' },
  device: { id: 'Device id', what: 'What it shares with everybody', nothing: 'It shares nothing with everybody.', gone: 'This device is not here any more.', rooms: 'In no room | In 1 room | In {n} rooms', noAddress: 'none', heard: 'Heard {when}', elsewhere: 'at another server' },
} as const;
