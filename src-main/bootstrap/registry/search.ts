import { limits } from '#shared/limits.ts';
import type { BootstrapHit, SearchRequest } from '#shared/protocol/bootstrap.ts';
import { score, type Query } from '../../core/search/ranking.ts';
import { fold, queryTokens } from '../../core/search/text.ts';
import type { Contents } from './contents.ts';
import type { Listing } from './node-record.ts';

/** Names that are looked at and ranked for one search; each takes a few microseconds. */
const lookedAt = 500;

interface Group {
  readonly listing: Listing;
  readonly score: number;
  readonly announced: number;
}

/** What was announced under names with these words, best first: rank, then number of holders, then name, as `QueryMachine` shows it. */
export function searchContents(contents: Contents, { words, ...filter }: SearchRequest): { hits: BootstrapHit[]; truncated: boolean } {
  const query: Query = { folded: fold(words.trim()), words: queryTokens(words).slice(0, limits.search.words) };
  if (query.words.length === 0) return { hits: [], truncated: false };
  const { listings, truncated } = contents.find(query.words, filter, lookedAt);
  /** By the first of the chain with this size and kind. */
  const best = new Map<Listing, Group>();
  for (const listing of listings) {
    const rank = score(query, listing.name, []);
    if (rank === null) continue;
    const key = firstAlike(contents, listing);
    const known = best.get(key);
    const announced = (known?.announced ?? 0) + listing.holders.length;
    const better = known === undefined || rank > known.score || (rank === known.score && listing.name < known.listing.name);
    best.set(key, better ? { listing, score: rank, announced } : { ...known, announced });
  }
  const ranked = [...best.values()].sort(byRank);
  const hits: BootstrapHit[] = [];
  for (const group of ranked) {
    if (hits.length === limits.search.results) break;
    const hit = hitOf(contents, group);
    if (hit !== null) hits.push(hit);
  }
  return { hits, truncated: truncated || ranked.length > limits.search.results };
}

const byRank = (one: Group, other: Group): number =>
  other.score - one.score || other.announced - one.announced || order(one.listing.name, other.listing.name) || order(one.listing.contentId, other.listing.contentId);

const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Size and kind count, so that a device that lies about them only spoils its own line. */
function firstAlike(contents: Contents, listing: Listing): Listing {
  for (let first = contents.chain(listing.contentId); first !== null; first = first.next) if (first.kind === listing.kind && first.bytes === listing.bytes) return first;
  return listing;
}

/** Null when all who announced it have gone since. */
function hitOf(contents: Contents, { listing: { contentId, kind, name, bytes }, score: rank }: Group): BootstrapHit | null {
  const holders: BootstrapHit['holders'] = [];
  let holderCount = 0;
  for (let listing = contents.chain(contentId); listing !== null; listing = listing.next) {
    if (listing.kind !== kind || listing.bytes !== bytes) continue;
    for (const { gone, deviceId } of listing.holders) {
      if (gone) continue;
      holderCount++;
      if (holders.length < limits.bootstrap.holdersPerHit) holders.push(deviceId);
    }
  }
  return holderCount === 0 ? null : { contentId, kind, name, bytes, score: rank, holders, holderCount };
}
