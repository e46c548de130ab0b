import { isDeviceId, type ContentId, type DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import type { AdminAnswer, AdminInput, EntryRow, FileRow, HolderRow, NodeRow } from '#shared/protocol/bootstrap-admin.ts';
import type { Millis } from '#shared/units.ts';
import type { Contents } from './contents.ts';
import { heardElsewhere, type Listing, type NodeRecord } from './node-record.ts';
import type { Registry } from './registry.ts';

/**
 * What the operator sees of the registry, page after page. A page begins at a place, which is skipped to and not searched for, and looks at a
 * bounded number of things; what comes and goes meanwhile may move a row to a neighbouring page. Counts include nodes that have gone
 * and are not swept yet.
 */

const { rowsPerPage, rowsLookedAt, holdersPerHit } = limits.bootstrap;
/** Of a content's holders, to find some that have not gone. */
const holdersLookedAt = 64;

const nodeRow = ({ deviceId, addresses, outside, rooms, entries, heardAt }: NodeRecord, now: Millis): NodeRow =>
  ({ deviceId, addresses: [...addresses], outside, rooms: rooms.length, entries, heardMsAgo: heardAt === heardElsewhere ? null : Math.max(0, Math.round(now - heardAt)) });

const holding = (node: NodeRecord, contentId: ContentId): { percent: number; role: 'seeder' | 'leecher' } => {
  const percent = node.have(contentId);
  return { percent, role: percent < 100 ? 'leecher' : 'seeder' };
};
const holderRow = (node: NodeRecord, contentId: ContentId): HolderRow => ({ deviceId: node.deviceId, outside: node.outside, ...holding(node, contentId) });

export function nodesPage(registry: Registry, now: Millis, { from, find }: AdminInput<'nodes'>): AdminAnswer<'nodes'> {
  const total = registry.counts.nodes;
  const wanted = find.trim().toUpperCase();
  if (isDeviceId(wanted)) {
    const node = registry.node(wanted);
    return { rows: node === undefined ? [] : [nodeRow(node, now)], next: null, total };
  }
  const rows: NodeRow[] = [];
  let at = 0;
  for (const node of registry.nodes()) {
    if (at++ < from) continue;
    if (rows.length === rowsPerPage || at > from + rowsLookedAt) return { rows, next: at - 1, total };
    if (wanted === '' || isAbout(node, wanted)) rows.push(nodeRow(node, now));
  }
  return { rows, next: null, total };
}

const isAbout = ({ deviceId, outside, addresses }: NodeRecord, wanted: string): boolean =>
  deviceId.startsWith(wanted) || outside.toUpperCase().includes(wanted) || addresses.some((address) => address.toUpperCase().includes(wanted));

/** Throws `not-registered`. */
export function nodeEntriesPage(registry: Registry, now: Millis, { deviceId, from }: { readonly deviceId: DeviceId; readonly from: number }): AdminAnswer<'nodeEntries'> {
  const node = registry.node(deviceId);
  if (node === undefined) throw new BootstrapError('not-registered');
  const rows: EntryRow[] = [];
  let at = 0;
  let next: number | null = null;
  for (const { contentId, kind, name, bytes } of node.listings.values()) {
    if (at++ < from) continue;
    if (rows.length === rowsPerPage) {
      next = at - 1;
      break;
    }
    const { seeders, leechers } = countsOf(registry.contents, contentId);
    rows.push({ contentId, kind, name, bytes, ...holding(node, contentId), holders: seeders + leechers });
  }
  return { node: nodeRow(node, now), rows, next };
}

export function filesPage(registry: Registry, { from, words }: AdminInput<'files'>): AdminAnswer<'files'> {
  const { contents } = registry;
  if (words.trim() === '') {
    const total = registry.counts.contents;
    const rows = contents.page(from, rowsPerPage).map((listing) => fileRow(contents, listing));
    return { rows, next: from + rows.length < total && rows.length > 0 ? from + rows.length : null, total };
  }
  const { hits } = registry.search({ words, type: 'any' });
  const end = from + rowsPerPage;
  return { rows: hits.slice(from, end).map((hit) => fileRow(contents, hit)), next: end < hits.length ? end : null, total: hits.length };
}

export function holdersPage({ contents }: Registry, { contentId, from }: AdminInput<'holders'>): AdminAnswer<'holders'> {
  const rows: HolderRow[] = [];
  let first = 0;
  let looked = 0;
  for (let listing = contents.chain(contentId); listing !== null; first += listing.holders.length, listing = listing.next) {
    const { holders } = listing;
    for (let at = Math.max(0, from - first); at < holders.length; at++) {
      const node = holders[at];
      if (rows.length === rowsPerPage || looked++ === rowsLookedAt) return { file: fileOf(contents, contentId), rows, next: first + at };
      if (node?.gone === false) rows.push(holderRow(node, contentId));
    }
  }
  return { file: fileOf(contents, contentId), rows, next: null };
}

const fileOf = (contents: Contents, contentId: ContentId): FileRow | null => {
  const listing = contents.chain(contentId);
  return listing === null ? null : fileRow(contents, listing);
};

function fileRow(contents: Contents, { contentId, kind, name, bytes }: Pick<Listing, 'contentId' | 'kind' | 'name' | 'bytes'>): FileRow {
  return { contentId, kind, name, bytes, ...countsOf(contents, contentId), holders: someHolders(contents, contentId) };
}

function countsOf(contents: Contents, contentId: ContentId): { seeders: number; leechers: number } {
  let [seeders, leechers] = [0, 0];
  for (let listing = contents.chain(contentId); listing !== null; listing = listing.next) {
    leechers += listing.leechers;
    seeders += listing.holders.length - listing.leechers;
  }
  return { seeders, leechers };
}

function someHolders(contents: Contents, contentId: ContentId): HolderRow[] {
  const rows: HolderRow[] = [];
  let looked = 0;
  for (let listing = contents.chain(contentId); listing !== null; listing = listing.next) {
    for (const node of listing.holders) {
      if (rows.length === holdersPerHit || looked++ === holdersLookedAt) return rows;
      if (!node.gone) rows.push(holderRow(node, contentId));
    }
  }
  return rows;
}
