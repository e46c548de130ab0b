import type { FileType, SearchHit } from '#shared/model/search.ts';
import { byName } from '../base/name-order.ts';

export type HitSort = 'best' | 'sources' | 'largest' | 'newest' | 'name';
export type SizeRange = 'any' | 'small' | 'medium' | 'large' | 'huge';

export interface HitView {
  readonly type: FileType;
  readonly size: SizeRange;
  readonly sort: HitSort;
  readonly hideHere: boolean;
}

/** As sizes are written: decimal. */
const [MB, GB] = [1e6, 1e9];

export const sizeRanges: Readonly<Record<SizeRange, { readonly minBytes?: number; readonly maxBytes?: number }>> = {
  any: {}, small: { maxBytes: MB }, medium: { minBytes: MB, maxBytes: 100 * MB }, large: { minBytes: 100 * MB, maxBytes: GB }, huge: { minBytes: GB },
};

const comparers: Readonly<Record<HitSort, (a: SearchHit, b: SearchHit) => number>> = {
  best: (a, b) => b.score - a.score,
  sources: (a, b) => b.sources.length - a.sources.length,
  largest: (a, b) => b.bytes - a.bytes,
  newest: (a, b) => b.modifiedAt - a.modifiedAt,
  name: (a, b) => byName.compare(a.name, b.name),
};

/** Hits to show, in order; ties go by score, then by key, so that the order never depends on who answered first. */
export function viewHits(hits: readonly SearchHit[], view: HitView): SearchHit[] {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = sizeRanges[view.size];
  const compare = comparers[view.sort];
  return hits
    .filter((hit) => (view.type === 'any' || hit.type === view.type) && hit.bytes >= minBytes && hit.bytes <= maxBytes && !(view.hideHere && hit.here))
    .sort((a, b) => compare(a, b) || b.score - a.score || (a.key < b.key ? -1 : 1));
}
