/**
 * The texts of UPnP's Internet Gateway Device, as far as a port needs them. What a router sends is searched for the few
 * elements that are wanted, as miniupnpc does, and not built into a tree: there are no entities and no depth to be attacked by.
 */

/** Whoever is a router answers to one of these. */
const searched = ['urn:schemas-upnp-org:device:InternetGatewayDevice:1', 'urn:schemas-upnp-org:device:InternetGatewayDevice:2'] as const;
export const ssdpPort = 1900;
export const ssdpGroup = '239.255.255.250';

/** What to ask the group, a packet each. */
export const ssdpSearches = (): string[] => searched.map((target) => [
  'M-SEARCH * HTTP/1.1', `HOST: ${ssdpGroup}:${ssdpPort}`, 'MAN: "ssdp:discover"', 'MX: 1', `ST: ${target}`, '', '',
].join('\r\n'));

/** Where a router that answers describes itself; null when this is no such answer. */
export function locationOf(answer: string): string | null {
  const [status = '', ...headers] = answer.split('\r\n');
  if (!/^HTTP\/1\.[01] 200\b/i.test(status)) return null;
  const valueOf = (name: string): string | undefined => headers.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
  return searched.some((target) => valueOf('st') === target) ? (valueOf('location') ?? null) : null;
}

/** What forwards ports, the better one first. */
const services = ['urn:schemas-upnp-org:service:WANIPConnection:2', 'urn:schemas-upnp-org:service:WANIPConnection:1', 'urn:schemas-upnp-org:service:WANPPPConnection:1'];

export interface WanService {
  readonly type: string;
  /** Absolute, or to be read from where the description is. */
  readonly controlUrl: string;
}

/** The service of a description that forwards ports; null when there is none. */
export function wanServiceOf(description: string): WanService | null {
  const found = description.split(/<service>/i).slice(1).map((text) => ({ type: valueOf(text, 'serviceType'), controlUrl: valueOf(text, 'controlURL') }));
  for (const type of services) {
    const controlUrl = found.find((service) => service.type === type)?.controlUrl;
    if (controlUrl !== undefined && controlUrl !== '') return { type, controlUrl };
  }
  return null;
}

export type SoapArguments = readonly (readonly [name: string, value: string | number])[];

export function soapRequest(service: string, action: string, values: SoapArguments): string {
  const inner = values.map(([name, value]) => `<${name}>${String(value)}</${name}>`).join('');
  return `<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${service}">${inner}</u:${action}></s:Body></s:Envelope>`;
}

/** The number of a fault: 714 there is no such mapping, 718 somebody else has it, 725 it takes no leases that end. */
export function faultOf(answer: string): number | null {
  const code = Number(valueOf(answer, 'errorCode'));
  return Number.isInteger(code) && code > 0 ? code : null;
}

/** What the first element of this name holds, whatever its prefix. */
export function valueOf(xml: string, name: string): string | undefined {
  const start = new RegExp(`<(?:[A-Za-z_][\\w.-]{0,31}:)?${name}(?:\\s[^<>]{0,500})?>`, 'i').exec(xml);
  if (start === null) return undefined;
  const from = start.index + start[0].length;
  const end = xml.indexOf('<', from);
  return end < 0 ? undefined : xml.slice(from, end).trim().replaceAll('&amp;', '&');
}
