import { BanIcon, CheckCheckIcon, CopyIcon, GaugeIcon, HandIcon, RotateCcwIcon, ShieldCheckIcon, ShieldOffIcon, StethoscopeIcon, Trash2Icon } from '@lucide/vue';
import type { Peer } from '#shared/model/peer.ts';
import type { ActionItem } from '../base/action-item.ts';
import type { useText } from '../../composables/use-text.ts';

export type PersonAction = 'pair' | 'auto' | 'ask' | 'copy-id' | 'unpair' | 'block' | 'unblock' | 'forget' | 'forgive' | 'limits' | 'why';

/** What can be done with a person besides browsing and sending. */
export function personActions(peer: Peer, t: ReturnType<typeof useText>['t']): (ActionItem & { readonly id: PersonAction })[] {
  if (peer.trust === 'blocked') return [{ id: 'unblock', text: t('ui.person.unblock'), icon: HandIcon }];
  return [
    ...(peer.online ? [] : [{ id: 'why' as const, text: t('ui.doctor.whyNotHere', { name: peer.name }), icon: StethoscopeIcon }]),
    ...(peer.online && peer.trust !== 'paired' ? [{ id: 'pair' as const, text: t('ui.person.pair'), icon: ShieldCheckIcon }] : []),
    peer.autoAccept ? { id: 'ask', text: t('ui.person.askAgain'), icon: HandIcon } : { id: 'auto', text: t('ui.person.alwaysAccept'), icon: CheckCheckIcon },
    ...(peer.badPieces?.banned === true ? [{ id: 'forgive' as const, text: t('ui.person.forgive'), icon: RotateCcwIcon }] : []),
    ...(peer.online ? [{ id: 'why' as const, text: t('ui.doctor.testLink'), icon: StethoscopeIcon }] : []),
    { id: 'limits', text: t('ui.person.limits'), icon: GaugeIcon },
    { id: 'copy-id', text: t('ui.person.copyId'), icon: CopyIcon },
    ...(peer.trust === 'paired' ? [{ id: 'unpair' as const, text: t('ui.person.unpair'), icon: ShieldOffIcon, separated: true }] : []),
    { id: 'block', text: t('ui.person.block'), icon: BanIcon, danger: true, separated: peer.trust !== 'paired' },
    ...(peer.online ? [] : [{ id: 'forget' as const, text: t('ui.person.forget'), icon: Trash2Icon, danger: true }]),
  ];
}
