import { vpnNames, type Vpn } from '../model/network.ts';
import type { PathKind } from '../model/peer.ts';

/** Which text of `path` says how a device is reached, and what it names: the VPN that leads there when we know which one. */
export function pathText(path: PathKind, vpn: Vpn | undefined): { readonly key: PathKind | 'via'; readonly params: Readonly<Record<string, string>> } {
  return path === 'overlay' && vpn !== undefined && vpn !== 'other' ? { key: 'via', params: { vpn: vpnNames[vpn] } } : { key: path, params: {} };
}
