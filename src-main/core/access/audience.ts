import type { DeviceId } from '#shared/ids.ts';
import type { PathKind, Trust } from '#shared/model/peer.ts';
import type { Audience } from '#shared/model/share.ts';

/** Who looks: the user in front of this device, or another device as its link proves it. */
export type Looker =
  | { readonly kind: 'self' }
  | { readonly kind: 'device'; readonly id: DeviceId; readonly trust: Trust; readonly path: PathKind };

/**
 * Whether somebody may see a share with this audience. The one place that decides it; everything not said here is no.
 * `devices`: those listed, or every paired device when none is. `everyone`: on this machine or on-link, never through
 * an overlay or the internet.
 */
export function maySee(audience: Audience, looker: Looker): boolean {
  if (looker.kind === 'self') return true;
  if (looker.trust === 'blocked') return false;
  switch (audience.kind) {
    case 'devices':
      return audience.devices.length === 0 ? looker.trust === 'paired' : audience.devices.includes(looker.id);
    case 'everyone':
      return looker.path === 'loopback' || looker.path === 'lan';
    case 'public':
      return true;
    // Rooms do not exist yet, so nobody is in one.
    case 'room':
    case 'nobody':
    default:
      return false;
  }
}
