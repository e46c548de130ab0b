/**
 * The two small protocols by which routers are asked on UDP port 5351: PCP (RFC 6887) and what it grew from, NAT-PMP
 * (RFC 6886), which knows IPv4 only. TCP. A reader answers null to whatever is not exactly what it says.
 */

export const pcpPort = 5351;
/** Identifies who may change a PCP mapping. */
export const nonceBytes = 12;

const pcpVersion = 2;
const mapOpcode = 1;
const responseBit = 0x80;
const tcp = 6;
const headerBytes = 24;
const pcpBytes = 60;
const mappedAt = 10;

const natPmpVersion = 0;
const addressOpcode = 0;
const mapTcpOpcode = 2;

export interface PcpRequest {
  readonly nonce: Uint8Array;
  /** Our address in the router's network. For IPv6 nothing is translated: the router lets others in at it. */
  readonly localHost: string;
  readonly port: number;
  /** What we would like, or had; 0: any. */
  readonly outsidePort: number;
  /** 0 ends the mapping. */
  readonly seconds: number;
}

export function pcpRequest({ nonce, localHost, port, outsidePort, seconds }: PcpRequest): Uint8Array {
  const bytes = new Uint8Array(pcpBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = pcpVersion;
  bytes[1] = mapOpcode;
  view.setUint32(4, seconds);
  writeHost(view, 8, localHost);
  bytes.set(nonce, headerBytes);
  bytes[36] = tcp;
  view.setUint16(40, port);
  view.setUint16(42, outsidePort);
  // Any, of the same family.
  if (!isIpv6(localHost)) writeHost(view, 44, '0.0.0.0');
  return bytes;
}

export type PcpAnswer =
  | { readonly kind: 'granted'; readonly host: string; readonly port: number; readonly seconds: number }
  /** The router says no; the number means what the protocol's table says. */
  | { readonly kind: 'refused'; readonly code: number }
  /** It knows NAT-PMP only. */
  | { readonly kind: 'older' };

export function readPcpAnswer(bytes: Uint8Array, { nonce, localHost, port }: Pick<PcpRequest, 'nonce' | 'localHost' | 'port'>): PcpAnswer | null {
  const view = viewOf(bytes);
  if (bytes.length >= 4 && bytes[0] === natPmpVersion) return { kind: 'older' };
  if (bytes.length < headerBytes || bytes[0] !== pcpVersion || bytes[1] !== (responseBit | mapOpcode)) return null;
  const code = bytes[3] ?? 0;
  // A refusal need not repeat what it refuses.
  if (code !== 0) return { kind: 'refused', code };
  if (bytes.length < pcpBytes || nonce.some((byte, at) => bytes[headerBytes + at] !== byte) || view.getUint16(40) !== port) return null;
  const host = isIpv6(localHost) ? readIpv6(view, 44) : readMappedIpv4(view, 44);
  return host === null ? null : { kind: 'granted', host, port: view.getUint16(42), seconds: view.getUint32(4) };
}

export const natPmpAddressRequest = (): Uint8Array => new Uint8Array([natPmpVersion, addressOpcode]);

export function natPmpMapRequest({ port, outsidePort, seconds }: Pick<PcpRequest, 'port' | 'outsidePort' | 'seconds'>): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  bytes[1] = mapTcpOpcode;
  view.setUint16(4, port);
  view.setUint16(6, outsidePort);
  view.setUint32(8, seconds);
  return bytes;
}

export type NatPmpAnswer<T> = { readonly kind: 'granted'; readonly value: T } | { readonly kind: 'refused'; readonly code: number };

/** The router's outside address. */
export function readNatPmpAddress(bytes: Uint8Array): NatPmpAnswer<string> | null {
  if (bytes.length < 4 || bytes[0] !== natPmpVersion || bytes[1] !== (responseBit | addressOpcode)) return null;
  const view = viewOf(bytes);
  const code = view.getUint16(2);
  if (code !== 0) return { kind: 'refused', code };
  return bytes.length < 12 ? null : { kind: 'granted', value: readIpv4(view, 8) };
}

export function readNatPmpMapping(bytes: Uint8Array, port: number): NatPmpAnswer<{ readonly port: number; readonly seconds: number }> | null {
  if (bytes.length < 4 || bytes[0] !== natPmpVersion || bytes[1] !== (responseBit | mapTcpOpcode)) return null;
  const view = viewOf(bytes);
  const code = view.getUint16(2);
  if (code !== 0) return { kind: 'refused', code };
  return bytes.length < 16 || view.getUint16(8) !== port ? null : { kind: 'granted', value: { port: view.getUint16(10), seconds: view.getUint32(12) } };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const isIpv6 = (host: string): boolean => host.includes(':');

/** An address as this machine has it; IPv4 in the clothes of IPv6, ::ffff:a.b.c.d. */
function writeHost(view: DataView, at: number, host: string): void {
  if (isIpv6(host)) {
    const [before, after] = host.split('::').map((half) => (half === '' ? [] : half.split(':')));
    for (const [index, group] of (before ?? []).entries()) view.setUint16(at + 2 * index, Number.parseInt(group, 16));
    for (const [index, group] of (after ?? []).reverse().entries()) view.setUint16(at + 14 - 2 * index, Number.parseInt(group, 16));
    return;
  }
  view.setUint16(at + mappedAt, 0xffff);
  for (const [index, part] of host.split('.').entries()) view.setUint8(at + 12 + index, Number(part));
}

/** Null for IPv4. */
function readIpv6(view: DataView, at: number): string | null {
  return readMappedIpv4(view, at) === null ? [0, 2, 4, 6, 8, 10, 12, 14].map((offset) => view.getUint16(at + offset).toString(16)).join(':') : null;
}

function readMappedIpv4(view: DataView, at: number): string | null {
  for (let index = 0; index < mappedAt; index++) if (view.getUint8(at + index) !== 0) return null;
  return view.getUint16(at + mappedAt) === 0xffff ? readIpv4(view, at + 12) : null;
}

const readIpv4 = (view: DataView, at: number): string => [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join('.');
