/** Where a device takes links. `host` is an IP address (IPv6 with its zone, `fe80::1%eth0`, where it needs one) or a name; no brackets. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port` as people write it; IPv6 in brackets. Two addresses are the same when their texts are the same. */
export function formatAddress(address: SocketAddress): string {
  const host = address.host.toLowerCase();
  return host.includes(':') ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}

const bracketed = /^\[([0-9a-f:.]+(?:%[0-9a-z._-]{1,32})?)\]:([0-9]{1,5})$/i;
const plain = /^([0-9a-z](?:[0-9a-z._-]{0,251}[0-9a-z.])?):([0-9]{1,5})$/i;

/** Reads `HOST:PORT` or `[IPV6]:PORT`; null when it is neither or the port is not 1…65535. */
export function parseAddress(text: string): SocketAddress | null {
  const match = bracketed.exec(text) ?? plain.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  if (host === undefined || !(port >= 1 && port <= 65_535)) return null;
  return { host: host.toLowerCase(), port };
}
