import { randomInt } from 'node:crypto';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import type { Peer } from '#shared/model/peer.ts';
import { outsideFinding, relayFinding, serversFinding, throughFinding, type ServerFacts } from '#main/core/doctor/server-findings.ts';
import type { DoctorPorts, Test } from './doctor-ports.ts';

/** What bootstrap servers have to do with it. */
export function serverTests(ports: DoctorPorts): Test[] {
  return [
    { step: 'servers', run: () => [serversFinding(factsOf(ports), ports.settings().visibility === 'hidden')] },
    { step: 'outside', run: async (signal) => [await lookFromOutside(ports, signal)] },
    { step: 'relay', run: () => [relayFinding(factsOf(ports))] },
  ];
}

/** The last way to one device that does not appear. Without a server there is none. */
export async function seekThrough(ports: DoctorPorts, { id, name }: Peer, signal: AbortSignal): Promise<DiagnosisStep[]> {
  if (ports.links().get(id) !== undefined || !factsOf(ports).some(({ isOnline }) => isOnline)) return [];
  const link = await ports.seek(id, signal);
  return [throughFinding(name, link === null ? null : { path: link.path, relay: link.relay ?? '' })];
}

function factsOf({ servers }: DoctorPorts): ServerFacts[] {
  return servers.health().map(({ url, state, error, relay, unknown }) => ({ name: new URL(url).hostname, isOnline: state === 'online', reason: state === 'online' ? '' : error?.code ?? state, relays: relay, unknown }));
}

/** A port that something else uses gets no answer, as little as a server that is gone: another one is tried. */
const portsTried = 3;

export async function lookFromOutside({ servers, ownAddresses }: Pick<DoctorPorts, 'servers' | 'ownAddresses'>, signal: AbortSignal): Promise<DiagnosisStep> {
  let seen = await servers.outsides(randomInt(32_768, 61_000), signal);
  for (let tried = 1; seen.length === 0 && tried < portsTried; tried++) seen = await servers.outsides(randomInt(32_768, 61_000), signal);
  return outsideFinding(seen, ownAddresses().map(({ host }) => host));
}
