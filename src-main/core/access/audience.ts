import type { DeviceId } from '#shared/ids.ts';
import type { PathKind, Trust } from '#shared/model/peer.ts';
import type { Audience } from '#shared/model/share.ts';

/** Who looks: the user in front of this device, or another device as its link proves it. `rooms`: ids of those it has proven on that link to be in. */
export type Looker =
  | { readonly kind: 'self' }
  | { readonly kind: 'device'; readonly id: DeviceId; readonly trust: Trust; readonly path: PathKind; readonly rooms: ReadonlySet<string> };

/**
 * Whether somebody may see a share with this audience. The one place that decides it; everything not said here is no.
 * `devices`: those listed, or every paired device when none is. `everyone`: on this machine or on-link, never through
 * an overlay or the internet. `room`: wherever it is, as long as it is a member.
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
    case 'room':
      return looker.rooms.has(audience.room);
    case 'nobody':
    default:
      return false;
  }
}
