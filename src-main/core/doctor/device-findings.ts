import type { ErrorCode } from '#shared/errors.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { second } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { found } from './found.ts';

export interface DeviceFacts {
  readonly name: string;
  readonly isBlocked: boolean;
  readonly link: { readonly address: string; readonly path: PathKind; readonly vpn: string; readonly relay: string; readonly latencyMs: Millis | null; readonly since: Timestamp } | null;
  /** How many addresses of it are known. */
  readonly addresses: number;
  /** When it last announced itself, or was linked; null for never. */
  readonly announcedAt: Timestamp | null;
  readonly lastSeen: Timestamp;
}

/** Somebody who announced itself within this time is certainly switched on and on a network with us. */
export const freshMs = 100 * second;

export function deviceFinding({ name, isBlocked, link, addresses, announcedAt, lastSeen }: DeviceFacts, now: Timestamp): DiagnosisStep {
  if (isBlocked) return found('device-blocked', { name });
  if (link !== null) {
    const { address, path, vpn, relay, latencyMs, since } = link;
    return found('device-linked', { name, address, path, ...(vpn === '' ? {} : { vpn }), ...(relay === '' ? {} : { relay }), ...(latencyMs === null ? {} : { latencyMs }), seconds: secondsSince(since, now) });
  }
  if (announcedAt !== null && now - announcedAt < freshMs) return found('device-heard', { name, seconds: secondsSince(announcedAt, now) });
  return addresses === 0 ? found('device-no-address', { name }) : found('device-quiet', { name, seconds: secondsSince(lastSeen, now) });
}

const secondsSince = (at: Timestamp, now: Timestamp): number => Math.max(0, Math.round((now - at) / second));

/** What came of a dial. `system`: the code that the system gave, where it gave one (`ECONNREFUSED`). */
export type DialOutcome = { readonly ok: true; readonly name: string } | { readonly ok: false; readonly code: ErrorCode; readonly system: string };

export interface AddressFacts {
  /** As people write it. */
  readonly address: string;
  /** Whether it lies in a network that this machine is on; null for a name, of which nobody knows. */
  readonly isNear: boolean | null;
  /** Whether somebody announces itself there now: then the machine is on. */
  readonly isHeard: boolean;
  /** The network that leads there, when it is switched off. */
  readonly network: string;
  readonly outcome: DialOutcome;
}

const noRoute = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EINVAL', 'ENETDOWN', 'EAFNOSUPPORT'];
const nameUnknown = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME'];

export function addressFinding({ address, isNear, isHeard, network, outcome }: AddressFacts): DiagnosisStep {
  if (outcome.ok) return found('address-linked', { address, name: outcome.name });
  const { code, system } = outcome;
  /** Nothing came back: packets are lost or dropped. */
  const silent = (): DiagnosisStep => found(isHeard ? 'address-firewall' : isNear === false ? 'address-far' : 'address-silent', { address });
  switch (code) {
    case 'timeout': return silent();
    case 'not-reachable':
      if (system === 'ECONNREFUSED' || system === 'ECONNRESET') return found('address-closed', { address });
      if (noRoute.includes(system)) return found('address-no-route', { address });
      if (nameUnknown.includes(system)) return found('address-name-unknown', { address });
      if (system === 'ETIMEDOUT' || isHeard) return silent();
      return found(isNear === false ? 'address-far' : 'address-unreachable', { address });
    case 'network-off': return found('address-network-off', { address, name: network });
    case 'refused': return found('address-refuses', { address });
    case 'blocked': return found('address-blocks-us', { address });
    case 'version-mismatch': return found('address-version', { address });
    case 'identity-changed': return found('address-somebody-else', { address });
    case 'protocol-error': return found('address-stranger', { address });
    case 'too-many': case 'rate-limited': return found('address-full', { address });
    case 'self-dial': return found('address-own', { address });
    default: return found('address-failed', { address, reason: system === '' ? code : system });
  }
}
