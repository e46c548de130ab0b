import { vpnNames, type Vpn } from '../model/network.ts';
import type { PathKind } from '../model/peer.ts';

/** How a device is reached. */
export interface Way {
  readonly path: PathKind;
  readonly vpn?: Vpn | undefined;
  /** URL of the server that carries the link. */
  readonly relay?: string | undefined;
}

/** Which text of `path` says how a device is reached, and what it names: the VPN or the server that leads there when we know which one. */
export function pathText({ path, vpn, relay }: Way): { readonly key: PathKind | 'via'; readonly params: Readonly<Record<string, string>> } {
  const name = path === 'overlay' && vpn !== undefined && vpn !== 'other' ? vpnNames[vpn] : path === 'relay' && relay !== undefined && URL.canParse(relay) ? new URL(relay).hostname : null;
  return name === null ? { key: path, params: {} } : { key: 'via', params: { name } };
}
