import { isIP } from 'node:net';
import { formatAddress, parseAddress, type SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import type { Peer } from '#shared/model/peer.ts';
import { defaultSettings } from '#shared/settings.ts';
import { addressFinding, deviceFinding, freshMs } from '#main/core/doctor/device-findings.ts';
import { networksFinding, visibleFinding } from '#main/core/doctor/own-findings.ts';
import { isOnOwnNetwork } from '../../net/networks.ts';
import { dialOutcome } from './dial-outcome.ts';
import type { DoctorPorts, Test } from './doctor-ports.ts';
import { largeTest } from './large-tests.ts';
import { seekThrough, serverTests } from './server-tests.ts';

/** The latest ones of a device; more would keep the user waiting, and are older still. */
const addressesTried = 6;

interface Wanted {
  readonly address: SocketAddress;
  /** Who should be there. */
  readonly expect: DeviceId | undefined;
}

/** Why one device does not appear, or what is at an address. Throws `peer-unknown` or `ambiguous`. */
export function testsOf(ports: DoctorPorts, text: string): Test[] {
  const { settings, networks } = ports;
  const own: Test[] = [{ step: 'visible', run: () => [visibleFinding(settings().visibility)] }, { step: 'networks', run: () => [networksFinding(networks())] }];
  const peer = find(ports, text);
  if (!('id' in peer)) return [...own, { step: 'address', run: async (signal) => [await dialTyped(ports, peer, signal)] }];
  const wanted = addressesOf(peer);
  const device: Test = { step: 'device', run: () => [aboutDevice(ports, peer, wanted)] };
  if (peer.trust === 'blocked') return [...own, device];
  const large = largeTest(ports, peer.id);
  if (peer.online) return [...own, device, large];
  return [...own, device, ...wanted.map((one): Test => ({
    step: 'address',
    // An address before it worked.
    run: async (signal) => (ports.links().get(peer.id) === undefined ? [await dialFinding(ports, one, signal)] : []),
  })), ...serverTests(ports), { step: 'through', run: (signal) => seekThrough(ports, peer, signal) }, large];
}

function find({ devices }: DoctorPorts, text: string): Peer | SocketAddress {
  try {
    return devices.findToAsk(text);
  } catch (error) {
    const address = isIP(text) === 0 ? parseAddress(text) : { host: text, port: defaultSettings.port };
    if (address === null || !(error instanceof AppError) || error.code !== 'peer-unknown') throw error;
    return address;
  }
}

/** The latest first. */
function addressesOf({ id, sources }: Peer): Wanted[] {
  const texts = new Set(sources.toSorted((a, b) => b.lastSeen - a.lastSeen).map(({ address }) => address));
  return [...texts].slice(0, addressesTried).flatMap((text) => {
    const address = parseAddress(text);
    return address === null ? [] : [{ address, expect: id }];
  });
}

function aboutDevice({ links, membership, now }: DoctorPorts, peer: Peer, wanted: readonly Wanted[]): DiagnosisStep {
  const link = links().get(peer.id);
  const announced = wanted.map(({ address }) => membership.announcedAt(address)).filter((at) => at !== null);
  return deviceFinding({
    name: peer.name, isBlocked: peer.trust === 'blocked', addresses: wanted.length, lastSeen: peer.lastSeen, announcedAt: announced.length === 0 ? null : Math.max(...announced),
    link: link === undefined ? null : { address: formatAddress(link.address), path: link.path, vpn: link.vpn ?? '', relay: link.relay ?? '', latencyMs: link.latencyMs, since: membership.linkedAt(peer.id) ?? now() },
  }, now());
}

/** An address that led to somebody is kept, as when it is added. */
async function dialTyped(ports: DoctorPorts, address: SocketAddress, signal: AbortSignal): Promise<DiagnosisStep> {
  const finding = await dialFinding(ports, { address, expect: undefined }, signal);
  if (finding.state === 'ok') ports.membership.typed(address);
  return finding;
}

/** What comes of dialling an address; links when it can. */
export async function dialFinding({ links, membership, now }: DoctorPorts, { address, expect }: Wanted, signal: AbortSignal): Promise<DiagnosisStep> {
  const isHeard = now() - (membership.announcedAt(address) ?? -Infinity) < freshMs;
  const { outcome, network } = await dialOutcome(links(), address, expect, signal);
  return addressFinding({ address: formatAddress(address), isNear: isOnOwnNetwork(address.host), isHeard, network, outcome });
}
