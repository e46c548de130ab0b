import { vpnNames } from '#shared/model/network.ts';
import type { Network } from '#shared/model/network.ts';
import type { useText } from './use-text.ts';

/** What a network is, in plain words. */
export const networkKind = ({ vpn }: Network, t: ReturnType<typeof useText>['t']): string =>
  vpn === null ? t('ui.settings.networkLocal') : vpn === 'other' ? t('ui.settings.networkVpn') : vpnNames[vpn];
