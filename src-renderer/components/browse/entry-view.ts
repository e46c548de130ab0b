import type { Entry } from '#shared/model/share.ts';
import { fileKind } from '../base/file-kind.ts';
import type { FileKind } from '../base/file-kind.ts';
import { byName } from '../base/name-order.ts';
import { plainName } from '../../composables/name-filter.ts';

export type SortKey = 'name' | 'bytes' | 'modifiedAt';
export interface EntryView {
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
  readonly kind: FileKind | 'any';
  readonly hideHere: boolean;
}

/** The order and choice in which a listing comes: nothing has to be loaded for it. */
export const plainView: EntryView = { sort: 'name', descending: false, filter: '', kind: 'any', hideHere: false };
export const isPlain = (view: EntryView): boolean => view.sort === 'name' && !view.descending && view.filter.trim() === '' && view.kind === 'any' && !view.hideHere;

/** Whether the whole of it is on this device. What has no bytes cannot be looked up by them, and is never said to be here. */
export const isHere = (entry: Entry): boolean => entry.haveBytes !== null && entry.bytes > 0 && entry.haveBytes >= entry.bytes;

/** Folders first, then by name. */
export const inNameOrder = (entries: readonly Entry[]): readonly Entry[] => entries.toSorted((a, b) => Number(b.kind === 'folder') - Number(a.kind === 'folder') || byName.compare(a.name, b.name));

/** The rows to show. Folders come first in every order; what ties keeps the order of the listing. */
export function viewEntries(entries: readonly Entry[], view: EntryView): readonly Entry[] {
  if (isPlain(view)) return entries;
  const wanted = plainName(view.filter.trim());
  const chosen = entries.filter((entry) =>
    (view.kind === 'any' || fileKind(entry.name, entry.kind) === view.kind) && !(view.hideHere && isHere(entry)) && (wanted === '' || plainName(entry.name).includes(wanted)));
  const { sort } = view;
  if (sort === 'name') return view.descending ? [...chosen.filter((entry) => entry.kind === 'folder').reverse(), ...chosen.filter((entry) => entry.kind === 'file').reverse()] : chosen;
  const sign = view.descending ? -1 : 1;
  return chosen.sort((a, b) => (a.kind === b.kind ? sign * (a[sort] - b[sort]) : a.kind === 'folder' ? -1 : 1));
}

/** How many there are of each kind. */
export function countKinds(entries: readonly Entry[]): Map<FileKind, number> {
  const counts = new Map<FileKind, number>();
  for (const entry of entries) {
    const kind = fileKind(entry.name, entry.kind);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
