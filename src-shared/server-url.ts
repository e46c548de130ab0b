import { parseDeviceId, type DeviceId } from './ids.ts';
import { limits } from './limits.ts';

/** A bootstrap server as people hand it on: `https://HOST[:PORT][#FINGERPRINT]`. */
export interface ServerUrl {
  /** As it is written: without a final slash, the port left out where it is 443, the fingerprint with dashes. */
  readonly text: string;
  /** `https://HOST[:PORT]`: what a device signs when it proves itself there. */
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** Hash of the key that the server must have; null: an authority of the system vouches for its certificate. */
  readonly fingerprint: DeviceId | null;
}

const httpsPort = 443;
const pattern = /^(?:https:\/\/)?(\[[0-9a-f:.]+\]|[0-9a-z](?:[0-9a-z._-]{0,251}[0-9a-z])?)(?::([0-9]{1,5}))?\/?(?:#([A-Za-z2-7 -]+))?$/i;

/** Reads what people paste; null when it is no such URL. Servers take no other scheme than https, which may be left out. */
export function parseServerUrl(text: string): ServerUrl | null {
  const trimmed = text.trim();
  const match = trimmed.length > limits.servers.urlChars ? null : pattern.exec(trimmed);
  if (match === null) return null;
  const host = (match[1] ?? '').toLowerCase();
  const port = match[2] === undefined ? httpsPort : Number(match[2]);
  const fingerprint = match[3] === undefined ? null : parseDeviceId(match[3]);
  if (port < 1 || port > 65_535 || (match[3] !== undefined && fingerprint === null)) return null;
  const origin = `https://${host}${port === httpsPort ? '' : `:${port}`}`;
  return { text: fingerprint === null ? origin : `${origin}#${fingerprint}`, origin, host: host.replace(/^\[|\]$/g, ''), port, fingerprint };
}
