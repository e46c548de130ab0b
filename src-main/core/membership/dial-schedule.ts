import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import type { AddressEntry } from './address-entry.ts';

/** Several addresses of what seems to be one device are tried one after another, this far apart (RFC 8305 says 250 ms). */
const staggerMs = 250;
/**
 * Dials to one host at once. A forger who names many ports of one host must not use up all dials; real nodes on one
 * machine answer within milliseconds.
 */
const dialsPerHost = 4;
/**
 * Another address of a device that seems to be linked is dialled once as well, to prove that it is the same device, but
 * without hurry. Never would be wrong: anybody can announce somebody else's nonce.
 */
export const proofDelayMs = 30 * second;

interface InFlight {
  count: number;
  readonly perHost: Map<string, number>;
  /** Latest dial to what seems to be the same device, by device id and by nonce. */
  readonly latest: Map<string, Millis>;
}

const groupOf = (entry: AddressEntry): string | null => entry.device ?? entry.nonce;

function note(inFlight: InFlight, entry: AddressEntry, at: Millis): void {
  inFlight.count++;
  inFlight.perHost.set(entry.address.host, (inFlight.perHost.get(entry.address.host) ?? 0) + 1);
  const group = groupOf(entry);
  if (group !== null) inFlight.latest.set(group, Math.max(at, inFlight.latest.get(group) ?? -Infinity));
}

/** What a person waits for comes first, then what was never tried, then the rest; each in order of time. */
const rank = (entry: AddressEntry): number => (entry.typed ? 0 : entry.failures === 0 ? 1 : 2);

/**
 * Chooses what to dial now.
 * @param wanted addresses with a reason to be dialled, in no order
 * @param dialling addresses being dialled
 * @param linkedNonces nonces announced at addresses of devices that are linked
 * @param dial called for each choice
 * @returns when the choice can be different without any event; null for never
 */
export function scheduleDials(
  now: Millis,
  wanted: readonly AddressEntry[],
  dialling: readonly AddressEntry[],
  linkedNonces: ReadonlySet<string>,
  dial: (entry: AddressEntry) => void,
): Millis | null {
  const inFlight: InFlight = { count: 0, perHost: new Map(), latest: new Map() };
  for (const entry of dialling) note(inFlight, entry, entry.dialledAt ?? now);
  let wake: Millis | null = null;
  const due: AddressEntry[] = [];
  const wait = (until: Millis): void => { wake = wake === null ? until : Math.min(wake, until); };
  for (const entry of wanted) {
    const proofAt = entry.device === null && !entry.typed && entry.nonce !== null && linkedNonces.has(entry.nonce) ? entry.firstHeardAt + proofDelayMs : -Infinity;
    const at = Math.max(entry.nextAt, proofAt);
    if (at <= now) due.push(entry);
    else wait(at);
  }
  due.sort((a, b) => rank(a) - rank(b) || a.nextAt - b.nextAt);
  for (const entry of due) {
    // The end of any dial is an event that leads here again, so nothing needs to be waited for.
    if (inFlight.count >= limits.discovery.dialsAtOnce) break;
    if ((inFlight.perHost.get(entry.address.host) ?? 0) >= dialsPerHost) continue;
    const group = groupOf(entry);
    const after = (group === null ? -Infinity : (inFlight.latest.get(group) ?? -Infinity)) + staggerMs;
    if (after > now) {
      wait(after);
      continue;
    }
    note(inFlight, entry, now);
    dial(entry);
  }
  return wake;
}
