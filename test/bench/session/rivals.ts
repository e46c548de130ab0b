/**
 * Other programs that do the same work, and the scripts that measure them. The scripts are no part of this project: they are looked
 * for in the folder given with `--peers`, and each prints one JSON object a run.
 */
export interface Rival {
  readonly name: string;
  /** File in the folder of the scripts, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  /** Whether what it sends is encrypted; null where nothing is sent. */
  readonly encrypted: boolean | null;
  /** Maps the file it writes, so that its resident memory holds the page cache: only anonymous memory is its own. */
  readonly mapsFiles?: boolean;
}

const rival = (name: string, encrypted: boolean | null, script: string, args = '', more: Partial<Rival> = {}): Rival => ({ name, encrypted, script, args: args.split(' ').filter((arg) => arg !== ''), ...more });
const maps = { mapsFiles: true };

export const rivals = {
  big: [
    rival('Syncthing', true, 't1_syncthing.py', 'big'),
    rival('nginx HTTPS + curl', true, 't1_nginx_curl.py', 'https'),
    rival('libtorrent v2', false, 't1_libtorrent.py', 'v2 off', maps),
    rival('WebTorrent', false, 't1_webtorrent.py', '0'),
    rival('rsync daemon', false, 't1_rsync.py'),
    rival('Node HTTPS + SHA-256', true, 't1_node_http.py', 'https sha256'),
    rival('aria2 BitTorrent', true, 't1_aria2.py', 'bt crypto'),
    rival('libtorrent RC4', true, 't1_libtorrent.py', 'v1 rc4', maps),
    rival('magic-wormhole', true, 't1_wormhole.py'),
    rival('hyperdrive', true, 't1_hyperdrive.py'),
    rival('socat', false, 't1_raw.py', 'socat'),
  ],
  small: [
    rival('tar + socat', false, 't2_small.py', 'tar'),
    rival('rsync daemon', false, 't2_small.py', 'rsync'),
    rival('nginx HTTPS + curl', true, 't2_small.py', 'curl https'),
    rival('libtorrent v1', false, 't2_small.py', 'libtorrent v1', maps),
    rival('libtorrent v2', false, 't2_small.py', 'libtorrent v2', maps),
    rival('WebTorrent', false, 't2_small.py', 'webtorrent'),
    rival('Syncthing', true, 't1_syncthing.py', 'small'),
    rival('aria2 BitTorrent', false, 't2_small.py', 'aria2'),
  ],
  swarm: [
    rival('aria2', false, 't3_swarm_aria2.py', '20000000 8'),
    rival('WebTorrent', false, 't3_swarm.py', 'webtorrent 20000000 8'),
    rival('libtorrent', false, 't3_swarm.py', 'libtorrent 20000000 8', maps),
  ],
  swarmUnlimited: [
    rival('libtorrent', false, 't3_swarm.py', 'libtorrent 0 8', maps),
    rival('WebTorrent', false, 't3_swarm.py', 'webtorrent 0 8'),
    rival('aria2', false, 't3_swarm_aria2.py', '0 8'),
  ],
  resume: [
    rival('libtorrent', false, 't4_resume.py', 'libtorrent-resume', maps),
    rival('libtorrent, full check', false, 't4_resume.py', 'libtorrent', maps),
    rival('WebTorrent', false, 't4_resume.py', 'webtorrent'),
    rival('aria2', false, 't4_resume.py', 'aria2'),
    rival('Syncthing', true, 't1_syncthing.py', 'resume'),
  ],
  hash: [
    rival('mktorrent, 2 threads (SHA-1)', null, 't6_hash.py', 'mktorrent2'),
    rival('libtorrent v2', null, 't6_hash.py', 'libtorrent-v2', maps),
    rival('Node SHA-256, one stream', null, 't6_hash.py', 'node-sha256'),
    rival('WebTorrent (SHA-1)', null, 't6_hash.py', 'webtorrent'),
  ],
  discovery: [rival('libtorrent LSD', null, 't5_lsd.py')],
} as const satisfies Record<string, readonly Rival[]>;
