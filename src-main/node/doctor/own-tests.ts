import { formatAddress } from '#shared/address.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import { second } from '#shared/units.ts';
import { listenerFinding, mappingFinding, networksFinding, othersFinding, portFinding, visibleFinding, wayFinding, type FindingWay, type Hearing, type OwnAnswer } from '#main/core/doctor/own-findings.ts';
import type { DiscoveryHearing } from '../../discovery/discovery.ts';
import { dialFinding } from './device-tests.ts';
import { dialOutcome } from './dial-outcome.ts';
import type { DoctorPorts, Test } from './doctor-ports.ts';
import { largeTest } from './large-tests.ts';
import { serverTests } from './server-tests.ts';

/** Questions go out five times within 1.5 s, and are answered at once. */
const listenMs = 2.5 * second;
const lookEveryMs = 100;
const ownAddressesTried = 8;
const strangersTried = 3;

/** Why nobody appears. */
export function ownTests(ports: DoctorPorts): Test[] {
  const { settings, port, networks, mapper, membership, links } = ports;
  let ways: readonly FindingWay[] = [];
  const listened = (way: FindingWay['way']): DiagnosisStep[] => ways.filter((each) => each.way === way).map(wayFinding);
  return [
    { step: 'visible', run: () => [visibleFinding(settings().visibility)] },
    { step: 'networks', run: () => [networksFinding(networks())] },
    { step: 'port', run: () => [portFinding(port, settings().port)] },
    { step: 'listener', run: async (signal) => [listenerFinding(await callOurselves(ports, signal))] },
    {
      step: 'multicast',
      run: async (signal) => {
        ways = await listen(ports, signal);
        return listened('multicast');
      },
    },
    { step: 'mdns', run: () => listened('mdns') },
    { step: 'others', run: () => [othersFinding({ ways, linked: [...links().all()].length, unlinked: membership.unlinked().length })] },
    ...serverTests(ports),
    { step: 'mapping', run: async (signal) => [mappingFinding(await mapper.check(signal))] },
    { step: 'address', run: (signal) => dialStrangers(ports, signal) },
    largeTest(ports, null),
  ];
}

/** Through the real listener: whoever reaches it at one of our addresses is told that it called itself. */
async function callOurselves({ links, ownAddresses }: DoctorPorts, signal: AbortSignal): Promise<OwnAnswer[]> {
  return Promise.all(ownAddresses().slice(0, ownAddressesTried).map(async (address) => {
    const { outcome } = await dialOutcome(links(), address, undefined, signal);
    return { address: formatAddress(address), answered: !outcome.ok && outcome.code === 'self-dial' };
  }));
}

/** Asks everybody, and listens until every network has given a sign of itself and of others, or long enough. */
async function listen(ports: DoctorPorts, signal: AbortSignal): Promise<FindingWay[]> {
  const { settings, discovery, now, pause } = ports;
  const { multicast, mdns, visibility } = settings();
  const askedAt = now();
  const speaks = visibility !== 'hidden';
  discovery.ask();
  const look = (): FindingWay[] => [
    { way: 'multicast', isOn: multicast, speaks, askedAt, hearings: hearingsOf(ports, 'multicast') },
    { way: 'mdns', isOn: mdns, speaks, askedAt, hearings: hearingsOf(ports, 'mdns') },
  ];
  const isClear = ({ hearings }: FindingWay): boolean => hearings.every(({ state, ownAt, othersAt }) => state === 'failed' || (ownAt !== null && ownAt >= askedAt && othersAt !== null && othersAt >= askedAt));
  const until = askedAt + listenMs;
  // Whoever says nothing is not answered.
  while (speaks && !signal.aborted && now() < until && !look().every(isClear)) await pause(lookEveryMs, signal);
  return look();
}

/** Nobody else is found over loopback. */
const hearingsOf = ({ discovery }: DoctorPorts, method: DiscoveryHearing['method']): Hearing[] =>
  discovery.hearings().filter((hearing) => hearing.method === method && !hearing.channel.isOnLink('127.0.0.1')).map(({ channel, state, reason, ownAt, othersAt }) => ({
    network: channel.network, state, ownAt, othersAt, reason: String(reason?.params?.['address'] ?? reason?.params?.['port'] ?? reason?.code ?? ''),
  }));

/** Those who announce themselves and are not linked. Whoever is hidden, or there for trusted people only, calls no strangers. */
async function dialStrangers(ports: DoctorPorts, signal: AbortSignal): Promise<DiagnosisStep[]> {
  if (ports.settings().visibility !== 'everyone') return [];
  return Promise.all(ports.membership.unlinked().slice(0, strangersTried).map((address) => dialFinding(ports, { address, expect: undefined }, signal)));
}
