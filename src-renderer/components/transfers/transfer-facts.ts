import type { ActionItem } from '../base/action-item.ts';
import type { SourceState } from '#shared/model/brake.ts';
import type { Transfer, TransferDetail } from '#shared/model/transfer.ts';
import { ArrowDownIcon, ArrowUpIcon, CopyIcon, FolderOpenIcon, ListChecksIcon, MinusIcon, RotateCcwIcon, Trash2Icon, XIcon } from '@lucide/vue';
import type { UiTextKey } from '#shared/i18n/index.ts';
import type { useText } from '../../composables/use-text.ts';

export type TransferAction = 'pause' | 'resume' | 'cancel' | 'retry' | 'again' | 'files' | 'show' | 'copy-id' | 'forget' | 'high' | 'normal' | 'low';
type Item = ActionItem & { readonly id: TransferAction };

/** How its bar looks. */
export function barKind(transfer: Transfer): 'down' | 'up' | 'wait' | 'check' {
  switch (transfer.state) {
    case 'checking':
    case 'preparing': return 'check';
    case 'waiting':
    case 'paused':
    case 'failed': return 'wait';
    default: return transfer.direction;
  }
}

/** Why nobody moves a byte of it, when nothing is wrong. */
export function quietText(transfer: Transfer): UiTextKey {
  if (transfer.direction === 'up') return 'ui.transfer.noTakers';
  switch (transfer.state) {
    case 'done':
    case 'cancelled': return 'ui.transfer.allThere';
    case 'paused': return 'ui.transfer.nonePaused';
    case 'queued': return 'ui.transfer.noneQueued';
    default: return 'ui.transfer.noneYet';
  }
}

type Source = TransferDetail['sources'][number];
type Tone = 'good' | 'calm' | 'warn' | 'bad' | 'gone';

/** How a source's state looks. */
export function toneOf(state: SourceState): Tone {
  switch (state) {
    case 'feeding': return 'good';
    case 'stalled': return 'warn';
    case 'banned': return 'bad';
    case 'away': return 'gone';
    default: return 'calm';
  }
}

/** Who gave most stands first, who is banned last. */
export const inRank = (a: Source, b: Source): number => Number(a.state === 'banned') - Number(b.state === 'banned') || b.bytes - a.bytes || (a.peer < b.peer ? -1 : 1);

/** The button of its row that matters most now. What others take is theirs to pause and to end. */
export function mainAction(transfer: Transfer): 'pause' | 'resume' | 'retry' | null {
  if (transfer.direction === 'up') return null;
  switch (transfer.state) {
    case 'paused': return 'resume';
    case 'failed': return 'retry';
    case 'done':
    case 'cancelled': return null;
    default: return 'pause';
  }
}

/** The rest of what can be done with it. */
export function transferActions(transfer: Transfer, canShow: boolean, t: ReturnType<typeof useText>['t']): Item[] {
  const over = transfer.state === 'done' || transfer.state === 'cancelled';
  const forget: Item = { id: 'forget', text: t('ui.transfer.forget'), icon: Trash2Icon };
  if (transfer.direction === 'up') return over ? [forget] : [];
  const show: Item[] = canShow && transfer.path !== null ? [{ id: 'show', text: t('ui.action.show'), icon: FolderOpenIcon }] : [];
  const copy: Item[] = transfer.contentId !== null ? [{ id: 'copy-id', text: t('ui.transfer.copyId'), icon: CopyIcon }] : [];
  const files: Item[] = transfer.kind === 'folder' ? [{ id: 'files', text: t('ui.transfer.chooseFiles'), icon: ListChecksIcon }] : [];
  // What was skipped can still be had.
  if (transfer.state === 'done') show.push(...files);
  if (over) return [...show, ...(transfer.contentId !== null ? [{ id: 'again' as const, text: t('ui.transfer.again'), icon: RotateCcwIcon }] : []), ...copy, forget];
  const order: Item[] = [
    { id: 'high', text: t('ui.transfer.first'), icon: ArrowUpIcon, disabled: transfer.priority === 'high', separated: true },
    { id: 'normal', text: t('ui.transfer.inTurn'), icon: MinusIcon, disabled: transfer.priority === 'normal' },
    { id: 'low', text: t('ui.transfer.last'), icon: ArrowDownIcon, disabled: transfer.priority === 'low' },
  ];
  return [...show, ...files, ...copy, ...order, { id: 'cancel', text: t('ui.transfer.cancel'), icon: XIcon, danger: true, separated: true }];
}

/** Whether its user can still say how it is fetched. */
export const isOpenToChange = ({ direction, state }: Transfer): boolean => direction === 'down' && state !== 'done' && state !== 'cancelled';
