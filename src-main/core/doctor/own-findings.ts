import { assertNever } from '#shared/assert.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import { mappingMethodNames, type PortMapping } from '#shared/model/port-mapping.ts';
import type { Network } from '#shared/model/network.ts';
import type { Settings } from '#shared/settings.ts';
import { minute } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';
import { found } from './found.ts';

/** A name in it is somebody's own; a face shows lists like this. */
const listed = (names: Iterable<string>): string => [...new Set(names)].join(', ');

export const visibleFinding = (visibility: Settings['visibility']): DiagnosisStep =>
  found(visibility === 'hidden' ? 'visible-hidden' : visibility === 'paired' ? 'visible-trusted' : 'visible-everyone');

export function networksFinding(networks: readonly Network[]): DiagnosisStep {
  const used = networks.filter(({ used: isUsed, addresses }) => isUsed && addresses.length > 0);
  if (networks.length === 0) return found('networks-none');
  if (used.length === 0) return found('networks-off', { names: listed(networks.map(({ name }) => name)) });
  const names = listed(used.map(({ name }) => name));
  return found(used.every(({ vpn }) => vpn !== null) ? 'networks-vpn-only' : 'networks-there', { names });
}

/** `wanted` 0: any will do. */
export const portFinding = (port: number, wanted: number): DiagnosisStep => (wanted === 0 || wanted === port ? found('port-usual', { port }) : found('port-other', { port, wanted }));

/** A call to ourselves at one of our addresses, through the door that others use. */
export interface OwnAnswer {
  readonly address: string;
  readonly answered: boolean;
}

export function listenerFinding(answers: readonly OwnAnswer[]): DiagnosisStep {
  const deaf = answers.filter(({ answered }) => !answered);
  if (answers.length === 0) return found('listener-skipped');
  if (deaf.length === 0) return found('listener-answers', { addresses: listed(answers.map(({ address }) => address)) });
  return found(deaf.length === answers.length ? 'listener-deaf' : 'listener-part', { addresses: listed(deaf.map(({ address }) => address)) });
}

/** Whether devices elsewhere reach this one through the router. It is never why nobody on this network appears. */
export function mappingFinding(mapping: PortMapping): DiagnosisStep {
  switch (mapping.state) {
    case 'off': return found('mapping-off');
    case 'unneeded': return found('mapping-unneeded');
    case 'no-router':
    case 'asking': return found('mapping-no-router');
    case 'none': return found('mapping-none', { router: mapping.router });
    case 'failed': return found('mapping-refused', { router: mapping.router, reason: mapping.reason });
    case 'mapped': {
      const { address, router, method } = mapping;
      return found(mapping.isPublic ? 'mapping-there' : 'mapping-inner', { address, router, method: mappingMethodNames[method] });
    }
    default: assertNever(mapping);
  }
}

/** How one way of finding people stands on one address family of one network. */
export interface Hearing {
  readonly network: string;
  readonly state: 'open' | 'opening' | 'failed';
  /** Why it failed, as the system says. */
  readonly reason: string;
  /** When a packet of this machine itself last came back; null for never. */
  readonly ownAt: Timestamp | null;
  /** When a packet of another machine last came. By mDNS of any program; by multicast of a DistriShare. */
  readonly othersAt: Timestamp | null;
}

/** Who announces itself by multicast does so every 15 to 30 s. */
const heardWithinMs = 3 * minute;

export interface FindingWay {
  readonly way: 'multicast' | 'mdns';
  readonly isOn: boolean;
  /** False while this device is hidden: nothing was sent that could come back. */
  readonly speaks: boolean;
  /** Networks in use that are no VPN, loopback not among them. */
  readonly hearings: readonly Hearing[];
  /** When our own packets were sent. */
  readonly askedAt: Timestamp;
}

const isHeard = ({ othersAt }: Hearing, askedAt: Timestamp): boolean => othersAt !== null && othersAt >= askedAt - heardWithinMs;

/** A packet to a group comes back to whoever sends it, through the same firewall as those of others. */
export function wayFinding({ way, isOn, speaks, hearings, askedAt }: FindingWay): DiagnosisStep {
  if (!isOn) return found(`${way}-off`);
  const open = hearings.filter(({ state }) => state === 'open');
  const failed = hearings.filter(({ state, network }) => state === 'failed' && open.every((other) => other.network !== network));
  const names = (of: readonly Hearing[]): string => listed(of.map(({ network }) => network));
  if (hearings.length === 0) return found(`${way}-skipped`);
  if (open.length === 0) return failed.length === 0 ? found(`${way}-skipped`) : found(`${way}-failed`, { names: names(failed), reason: listed(failed.map(({ reason }) => reason)) });
  const heard = open.filter((hearing) => isHeard(hearing, askedAt));
  const deaf = speaks ? open.filter(({ network }) => open.every((other) => other.network !== network || (!isHeard(other, askedAt) && (other.ownAt ?? -Infinity) < askedAt))) : [];
  if (deaf.length === open.length && open.length > 0) return found(`${way}-blocked`, { names: names(deaf) });
  if (failed.length + deaf.length > 0) return found(`${way}-part`, { names: names([...failed, ...deaf]) });
  if (heard.length > 0) return found(`${way}-heard`, { names: names(heard) });
  return speaks ? found(`${way}-works`, { names: names(open) }) : found(`${way}-skipped`);
}

export interface OthersFacts {
  readonly ways: readonly FindingWay[];
  /** How many devices are linked. */
  readonly linked: number;
  /** Devices that announce themselves and are not linked. */
  readonly unlinked: number;
}

export function othersFinding({ ways, linked, unlinked }: OthersFacts): DiagnosisStep {
  const heard = (of: FindingWay['way']): boolean => ways.some(({ way, hearings, askedAt }) => way === of && hearings.some((hearing) => isHeard(hearing, askedAt)));
  if (linked > 0) return found('others-linked', { n: linked });
  if (unlinked > 0 || heard('multicast')) return found('others-heard', { n: unlinked });
  if (ways.every(({ isOn }) => !isOn)) return found('others-not-looked-for');
  return found(heard('mdns') ? 'others-other-programs' : 'others-silent', { minutes: heardWithinMs / minute });
}
