import { CopyIcon, DownloadIcon, FolderDownIcon, FolderOpenIcon, InfoIcon } from '@lucide/vue';
import type { Entry } from '#shared/model/share.ts';
import type { useText } from '../../composables/use-text.ts';
import type { ActionItem } from '../base/action-item.ts';
import { isHere } from './entry-view.ts';

export type EntryAction = 'open' | 'details' | 'download' | 'download-to' | 'copy-id';

/** What can be done with what is pointed at in a listing: with one entry, or with several that are chosen. */
export function entryActions(entries: readonly Entry[], { away }: { away: boolean }, t: ReturnType<typeof useText>['t']): (ActionItem & { id: EntryAction })[] {
  const [only] = entries.length === 1 ? entries : [];
  const disabled = entries.every(isHere);
  return [
    ...(only === undefined ? [] : [only.kind === 'folder' ? { id: 'open' as const, text: t('ui.action.open'), icon: FolderOpenIcon } : { id: 'details' as const, text: t('ui.browse.details'), icon: InfoIcon }]),
    { id: 'download', text: t(away ? 'ui.browse.whenBack' : 'ui.action.download'), icon: DownloadIcon, disabled, separated: only !== undefined },
    { id: 'download-to', text: t('ui.action.downloadTo'), icon: FolderDownIcon, disabled },
    ...(only?.contentId == null ? [] : [{ id: 'copy-id' as const, text: t('ui.transfer.copyId'), icon: CopyIcon, separated: true }]),
  ];
}
