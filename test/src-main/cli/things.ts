import { contentIdSchema, offerIdSchema, shareIdSchema, transferIdSchema } from '#shared/model/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { SearchHit, SearchState } from '#shared/model/search.ts';
import type { Entry, Share } from '#shared/model/share.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { deviceA } from '../../contract/fake-node.ts';

export const content = contentIdSchema.parse('ab'.repeat(32));
export const transferId = (digit: string) => transferIdSchema.parse(digit.repeat(16));
export const offerId = offerIdSchema.parse('c'.repeat(32));

export const peerOf = (change: Partial<Peer> = {}): Peer => ({
  id: deviceA, name: 'Amber', avatarSeed: '', platform: 'linux', online: true, trust: 'seen', autoAccept: false, sources: [], address: '192.168.1.9:47800', path: 'lan', latencyMs: 0.42,
  lastSeen: 1, shares: { names: ['Film'], count: 1, bytes: 2e9 }, downRate: 0, upRate: 0, version: '1', ...change,
});
export const transferOf = (change: Partial<Transfer> = {}): Transfer => ({
  id: transferId('1'), direction: 'down', name: 'film.mkv', kind: 'file', state: 'running', reason: null, bytes: 1000, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0, etaSeconds: null,
  priority: 'normal', inOrder: false, peers: [], path: '/downloads/film.mkv', contentId: content, addedAt: 1000, finishedAt: null, ...change,
});
export const done = (change: Partial<Transfer> = {}): Transfer => transferOf({ state: 'done', doneBytes: 1000, doneFiles: 1, finishedAt: 3000, ...change });
export const entryOf = (name: string, change: Partial<Entry> = {}): Entry => ({ name, kind: 'file', bytes: 1, files: 1, modifiedAt: 0, contentId: null, haveBytes: null, ...change });
export const shareOf = (change: Partial<Share> = {}): Share => ({
  id: shareIdSchema.parse('d'.repeat(32)), name: 'Holiday', path: '/pictures/Holiday', kind: 'folder', audience: { kind: 'everyone' }, state: 'hashing', files: 3, folders: 1, bytes: 3000, hashedFiles: 0,
  hashedBytes: 0, etaSeconds: 4, contentId: null, problems: { count: 0, first: [] }, addedAt: 1, ...change,
});
export const offerOf = (change: Partial<Offer> = {}): Offer => ({
  id: offerId, direction: 'out', peer: deviceA, state: 'sending', reason: null, text: null, items: [{ name: 'film.mkv', kind: 'file', bytes: 1000, files: 1 }], count: 1, bytes: 1000, doneBytes: 0, transfers: [], at: 1,
  ...change,
});
export const hitOf = (name: string): SearchHit => ({ key: name, name, kind: 'file', type: 'video', bytes: 1000, modifiedAt: 0, contentId: null, score: 1, here: false, sources: [{ peer: deviceA, path: `Film/${name}` }] });
export const searchOf = (change: Partial<SearchState> = {}): SearchState => ({ id: 's1', words: 'film', finished: false, hits: [], peers: [{ peer: deviceA, state: 'waiting', hits: 0 }], truncated: false, ...change });
