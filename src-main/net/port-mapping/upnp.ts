import { createSocket } from 'node:dgram';
import { request as httpRequest } from 'node:http';
import { isIPv4 } from 'node:net';
import { limits } from '#shared/limits.ts';
import { hour, second } from '#shared/units.ts';
import { faultOf, locationOf, soapRequest, ssdpGroup, ssdpPort, ssdpSearches, valueOf, wanServiceOf, type SoapArguments } from '../../core/port-mapping/upnp-messages.ts';
import { withTimeout } from '../with-timeout.ts';
import { noAddress, type AskOptions, type Mapping, type Outcome } from './mapping.ts';
import type { Router } from './routers.ts';

/** Descriptions are 3 to 20 KiB. */
const { answerBytes, answerMs, leaseSeconds, searchMs } = limits.portMapping;
const searchAgainMs = 500;
/** Ports tried when somebody else has the one we would like; dynamic ones (RFC 6335). */
const triesOnConflict = 3;
const firstDynamicPort = 49_152;
const dynamicPorts = 16_384;

const conflict = 718;
const permanentOnly = 725;

interface Control {
  readonly router: Router;
  readonly url: string;
  readonly service: string;
  readonly signal: AbortSignal;
}

/** What a router answered instead of what was asked for: UPnP's number of a fault, or the status of HTTP. */
class Fault extends Error {
  readonly code: number | 'too-long';

  constructor(code: number | 'too-long') {
    super(`UPnP ${code}`);
    this.code = code;
  }
}

/** A code, for people who look it up. */
const reasonOf = (error: unknown): string => (error instanceof Fault ? error.message : error instanceof Error && 'code' in error ? String(error.code) : 'UPnP');

/** Asks by UPnP. Only the router itself is listened to and spoken to: what anybody else on the network answers is no matter. Does not reject. */
export async function askByUpnp(router: Router, { port, before, signal }: AskOptions): Promise<Outcome> {
  try {
    const control = controlOf(before, router, signal) ?? (await findControl(router, signal));
    if (control === null) return { kind: 'silent' };
    const host = valueOf(await call(control, 'GetExternalIPAddress', []), 'NewExternalIPAddress');
    if (host === undefined || !isIPv4(host) || host === '0.0.0.0') return { kind: 'refused', reason: noAddress };
    const { outsidePort, lifetimeMs } = await map(control, port, before?.outsidePort ?? port);
    return { kind: 'granted', mapping: { method: 'upnp', router, host, outsidePort, lifetimeMs, isCheap: false, proof: { controlUrl: control.url, service: control.service } } };
  } catch (error) {
    return { kind: 'refused', reason: reasonOf(error) };
  }
}

export async function endByUpnp(mapping: Mapping, signal: AbortSignal): Promise<void> {
  const control = controlOf(mapping, mapping.router, signal);
  // Whoever cannot be told forgets it when the lease ends.
  if (control !== null) await call(control, 'DeletePortMapping', outside(mapping.outsidePort)).catch(() => undefined);
}

const controlOf = (before: Mapping | null, router: Router, signal: AbortSignal): Control | null =>
  (before?.method === 'upnp' && before.router.host === router.host && before.proof !== null && 'controlUrl' in before.proof ? { router, url: before.proof.controlUrl, service: before.proof.service, signal } : null);

const outside = (port: number): SoapArguments => [['NewRemoteHost', ''], ['NewExternalPort', port], ['NewProtocol', 'TCP']];

/** The port we would like, or another one if somebody else has it: some routers would take it away from them without a word. */
async function map(control: Control, port: number, wanted: number): Promise<{ outsidePort: number; lifetimeMs: number }> {
  let outsidePort = wanted;
  for (let tries = 0; ; tries++) {
    const holder = await call(control, 'GetSpecificPortMappingEntry', outside(outsidePort)).then((answer) => valueOf(answer, 'NewInternalClient') ?? '', (error: unknown) => {
      // Not every router knows the question; whether the port is free shows when it is asked for.
      if (error instanceof Fault) return '';
      throw error;
    });
    try {
      if (holder !== '' && holder !== control.router.localHost) throw new Fault(conflict);
      return { outsidePort, lifetimeMs: await add(control, port, outsidePort) };
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== conflict || tries === triesOnConflict) throw error;
      outsidePort = firstDynamicPort + Math.floor(Math.random() * dynamicPorts);
    }
  }
}

async function add(control: Control, port: number, outsidePort: number): Promise<number> {
  const mapping = (seconds: number): SoapArguments => [
    ...outside(outsidePort), ['NewInternalPort', port], ['NewInternalClient', control.router.localHost], ['NewEnabled', 1], ['NewPortMappingDescription', 'DistriShare'], ['NewLeaseDuration', seconds],
  ];
  try {
    await call(control, 'AddPortMapping', mapping(leaseSeconds));
    return leaseSeconds * second;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== permanentOnly) throw error;
    // Some older ones take no lease that ends: it is looked after like the others, and ended when we go.
    await call(control, 'AddPortMapping', mapping(0));
    return 1 * hour;
  }
}

/** Throws a Fault, or what kept the answer from coming. */
async function call({ router, url, service, signal }: Control, action: string, values: SoapArguments): Promise<string> {
  const { status, text } = await http(router, url, signal, { soapAction: `"${service}#${action}"`, body: soapRequest(service, action, values) });
  if (status === 200) return text;
  throw new Fault(faultOf(text) ?? status);
}

async function findControl(router: Router, signal: AbortSignal): Promise<Control | null> {
  const location = await search(router, signal);
  if (location === null) return null;
  const { status, text } = await http(router, location, signal, null);
  const service = status === 200 ? wanServiceOf(text) : null;
  if (service === null) return null;
  const url = new URL(service.controlUrl, valueOf(text, 'URLBase') || location).href;
  return isOf(router, url) ? { router, url, service: service.type, signal } : null;
}

/** Whether a URL leads to the router and nowhere else. */
function isOf({ host }: Router, url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'http:' && new URL(url).hostname === host;
}

/** Where the router describes itself; null when it does not answer. */
function search(router: Router, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    let again: NodeJS.Timeout | undefined;
    let isOver = false;
    const finish = (location: string | null): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(again);
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(location);
    };
    const abort = (): void => { finish(null); };
    const limit = setTimeout(abort, searchMs);
    const ask = (): void => { for (const text of ssdpSearches()) socket.send(text, ssdpPort, ssdpGroup, () => undefined); };
    socket.on('error', abort);
    socket.on('message', (bytes, { address }) => {
      const location = address === router.host ? locationOf(bytes.toString('latin1')) : null;
      if (location !== null && isOf(router, location)) finish(location);
    });
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.bind(0, router.localHost, () => {
      if (isOver) return;
      try {
        socket.setMulticastInterface(router.localHost);
      } catch {
        // The network went away since.
        return abort();
      }
      ask();
      again = setInterval(ask, searchAgainMs);
    });
  });
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** From our address in the router's network, never redirected, and no more than `answerBytes`. */
function http(router: Router, url: string, signal: AbortSignal, soap: { readonly soapAction: string; readonly body: string } | null): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const headers = soap === null ? {} : { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: soap.soapAction, 'Content-Length': Buffer.byteLength(soap.body) };
    const asked = httpRequest(url, {
      method: soap === null ? 'GET' : 'POST', localAddress: router.localHost, agent: false, headers: { ...headers, Connection: 'close' }, signal: withTimeout(signal, answerMs),
    }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytes) asked.destroy(new Fault('too-long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }); });
    });
    asked.on('error', reject);
    asked.end(soap?.body);
  });
}
