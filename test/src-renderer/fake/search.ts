import type { Peer } from '#shared/model/peer.ts';
import type { SearchHit, SearchState } from '#shared/model/search.ts';
import { isContentId } from '#shared/ids.ts';
import { day } from '#shared/units.ts';
import { deviceIdFor, epoch } from './people.ts';
import { hexOf } from './seeded.ts';

interface Invented { name: string; kind?: 'folder'; type: SearchHit['type']; bytes: number; folder: string; owners: string[]; here?: boolean; other?: string }

const invented: Invented[] = [
  { name: 'porto07_003.tif', type: 'image', bytes: 466.9e6, folder: 'Film scans/2024/porto roll 07', owners: ['Slate Lynx', 'Amber Falcon', 'Teal Osprey'], other: 'scan_0318.tif' },
  { name: 'porto roll 07', kind: 'folder', type: 'folder', bytes: 18.7e9, folder: 'Film scans/2024', owners: ['Amber Falcon', 'Teal Osprey'] },
  { name: 'porto07_004.tif', type: 'image', bytes: 470.4e6, folder: 'Film scans/2024/porto roll 07', owners: ['Amber Falcon', 'Slate Lynx', 'Coral Heron'], here: true },
  { name: 'porto_bridge_timelapse.mov', type: 'video', bytes: 1.26e9, folder: 'Film scans/2024/porto roll 07', owners: ['Amber Falcon', 'Moss Badger'] },
  { name: 'porto-roll-07-contact.jpg', type: 'image', bytes: 12.8e6, folder: 'Contact sheets', owners: ['Slate Lynx', 'Amber Falcon', 'Coral Heron', 'Teal Osprey', 'Moss Badger', 'Copper Hare'] },
  { name: 'porto_rolls_01-06.tar.zst', type: 'archive', bytes: 104.2e9, folder: 'Backups/film/porto', owners: ['Slate Lynx'] },
  { name: 'porto07_003_print.psd', type: 'image', bytes: 1.04e9, folder: 'Prints/spring', owners: ['Teal Osprey'] },
  { name: 'porto-roll-07-lab-notes.md', type: 'document', bytes: 6400, folder: 'Film scans/2024', owners: ['Amber Falcon'] },
];

/** Who answers how late, in seconds; others have nothing or are not there. */
const answersAfter: Readonly<Record<string, number>> = { 'Slate Lynx': 0.4, 'Amber Falcon': 0.8, 'Teal Osprey': 1.6, 'Moss Badger': 2.2, 'Coral Heron': 3, 'Rose Marten': 2, 'Copper Hare': 9 };

export function beginSearch(id: string, words: string, people: readonly Peer[]): SearchState {
  return { id, words, finished: false, truncated: false, hits: [], peers: people.filter((peer) => peer.trust !== 'blocked').map((peer) => ({ peer: peer.id, state: peer.online ? 'waiting' : 'unreachable', hits: 0 })) };
}

/** The state of a search that has run for some seconds. */
export function searchAfter(search: SearchState, people: readonly Peer[], seconds: number): SearchState {
  const nameOf = new Map(people.map((peer) => [peer.id, peer.name]));
  const answered = new Set(people.filter((peer) => peer.online && (answersAfter[peer.name] ?? 99) <= seconds).map((peer) => peer.name));
  const matches = /porto|roll/i.test(search.words);
  const hits = (matches ? invented : []).flatMap((hit, index): SearchHit[] => {
    const owners = hit.owners.filter((owner) => answered.has(owner));
    const contentId = hexOf(`content ${hit.name}`, 64);
    if (owners.length === 0) return [];
    return [{
      key: hit.name, name: hit.name, kind: hit.kind ?? 'file', type: hit.type, bytes: hit.bytes, modifiedAt: epoch - index * 40 * day, contentId: isContentId(contentId) ? contentId : null, score: 10 - index + owners.length / 10, here: hit.here ?? false,
      sources: owners.map((owner, nth) => ({ peer: deviceIdFor(owner), path: `${hit.folder}/${nth > 0 && hit.other ? hit.other : hit.name}` })),
    }];
  });
  const peers = search.peers.map((line) => {
    const name = nameOf.get(line.peer) ?? '';
    const count = hits.filter((hit) => hit.sources.some((source) => source.peer === line.peer)).length;
    return line.state === 'unreachable' || !answered.has(name) ? line : { ...line, state: count > 0 ? ('answered' as const) : ('none' as const), hits: count };
  });
  return { ...search, hits, peers, finished: seconds > 10 };
}
