import type { SourceState } from '#shared/model/brake.ts';
import type { Bytes, Millis } from '#shared/units.ts';
import type { Download } from './download-state.ts';
import type { PeerNumber } from './numbers.ts';
import type { Fetch } from './fetch.ts';
import type { Arrivals } from './options.ts';
import type { PeerState } from './peer-state.ts';
import type { Room } from './room.ts';

/** How one device stands to a download. */
export interface SourceStanding {
  readonly peer: PeerNumber;
  readonly state: Exclude<SourceState, 'away'>;
  /** When a `stalled` one is asked again; null: it is not stalled, or has been asked again. */
  readonly until: Millis | null;
  /** Bytes/s it delivers to all downloads together. */
  readonly rate: number;
  /** How often it did not answer in time. */
  readonly late: number;
}

/** How things stand for one download, to find out what holds it up. */
export interface DownloadStanding {
  readonly behind: boolean;
  readonly buffersWait: boolean;
  readonly finishing: boolean;
  readonly sources: readonly SourceStanding[];
}

export interface StandingView {
  readonly downloads: readonly Download[];
  readonly peers: ReadonlyMap<PeerNumber, PeerState>;
  readonly fetches: Iterable<Fetch>;
  /** Buffers of all downloads. */
  readonly room: Room;
  readonly arrivals: Arrivals;
}

/** Looks at everything there is: called a few times a second, not on the hot path. */
export function standingOf(now: Millis, download: Download, view: StandingView): DownloadStanding {
  let waiting: Bytes = 0;
  let largest: Bytes = 0;
  for (const fetch of view.fetches) {
    if (fetch.file.download !== download) continue;
    largest = Math.max(largest, fetch.bytes);
    if (fetch.verifying) waiting += fetch.bytes;
  }
  const isFull = largest > Math.min(view.room.limit - view.room.busy, download.room.limit - download.room.busy);
  const behind = download.wanting.length > 0 && download.room.busy === 0 && view.downloads.some((other) => other !== download && other.room.busy > 0);
  return {
    behind, finishing: download.wanting.length === 0,
    buffersWait: isFull && 2 * waiting >= download.room.busy,
    sources: sourcesOf(now, download, view),
  };
}

function sourcesOf(now: Millis, download: Download, { peers, arrivals }: StandingView): SourceStanding[] {
  const members = new Set<PeerNumber>();
  const useful = new Set<PeerNumber>();
  for (const file of download.files) for (const number of file.content.members.keys()) members.add(number);
  for (const file of download.wanting) for (const number of file.content.members.keys()) if (file.content.useful(number) > 0) useful.add(number);
  const sources: SourceStanding[] = [];
  for (const number of members) {
    const peer = peers.get(number);
    if (peer === undefined) continue;
    const state = stateOf(now, peer, download, useful.has(number), arrivals);
    sources.push({ peer: number, state, until: state === 'stalled' && peer.isResting ? peer.restUntil : null, rate: peer.delivered.rate(now), late: peer.late });
  }
  return sources;
}

function stateOf(now: Millis, peer: PeerState, download: Download, isUseful: boolean, arrivals: Arrivals): SourceStanding['state'] {
  if (peer.isBanned) return 'banned';
  let isAsked = false;
  for (const fetch of peer.fetches) isAsked ||= fetch.file.download === download;
  if (isAsked && peer.isGiving(now, arrivals)) return 'feeding';
  if (isAsked) return peer.stalls > 0 ? 'stalled' : 'asked';
  if (peer.isResting) return 'stalled';
  if (peer.isChoking) return 'choked';
  if (!isUseful) return 'idle';
  return peer.isAvoiding ? 'elsewhere' : 'asked';
}
