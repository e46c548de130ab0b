import type { SocketAddress } from '#shared/address.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import type { PathKind } from '#shared/model/peer.ts';
import { found } from './found.ts';

/** How one bootstrap server stands. */
export interface ServerFacts {
  /** As people know it: its host. */
  readonly name: string;
  readonly isOnline: boolean;
  /** Why not, as a code; empty when it is online. */
  readonly reason: string;
  /** Whether it carries connections of others. */
  readonly relays: boolean;
  /** Things that it speaks of and this version does not know. */
  readonly unknown: number;
}

const listed = (names: Iterable<string>): string => [...new Set(names)].join(', ');
const namesOf = (servers: readonly ServerFacts[]): string => listed(servers.map(({ name }) => name));

export function serversFinding(servers: readonly ServerFacts[], isHidden: boolean): DiagnosisStep {
  if (servers.length === 0) return found(isHidden ? 'servers-hidden' : 'servers-none');
  const away = servers.filter(({ isOnline }) => !isOnline);
  const newer = servers.filter(({ unknown }) => unknown > 0);
  if (away.length === 0 && newer.length > 0) return found('servers-newer', { names: namesOf(newer), n: Math.max(...newer.map(({ unknown }) => unknown)) });
  if (away.length === 0) return found('servers-online', { names: namesOf(servers) });
  return found(away.length === servers.length ? 'servers-away' : 'servers-part', { names: namesOf(away), reason: listed(away.map(({ reason }) => reason)) });
}

/** `seen`: where a connection from one port of ours was seen to come from, by each server that was asked; `own`: our own hosts. */
export function outsideFinding(seen: readonly SocketAddress[], own: readonly string[]): DiagnosisStep {
  const [first, ...others] = seen;
  if (first === undefined) return found('outside-skipped');
  const address = first.host;
  if (own.includes(address)) return found('outside-direct', { address });
  if (others.length === 0) return found('outside-router', { address });
  return found(others.every(({ host, port }) => host === first.host && port === first.port) ? 'outside-steady' : 'outside-shifting', { address });
}

export function relayFinding(servers: readonly ServerFacts[]): DiagnosisStep {
  const online = servers.filter(({ isOnline }) => isOnline);
  const relays = online.filter((server) => server.relays);
  if (online.length === 0) return found('relay-skipped');
  return relays.length === 0 ? found('relay-none', { names: namesOf(online) }) : found('relay-there', { names: namesOf(relays) });
}

/** What came of trying every way that a server makes possible to one device; null: none led there. */
export function throughFinding(name: string, link: { readonly path: PathKind; readonly relay: string } | null): DiagnosisStep {
  return link === null ? found('through-failed', { name }) : found('through-linked', { name, path: link.path, ...(link.relay === '' ? {} : { relay: link.relay }) });
}
