import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import { natPmpAddressRequest, natPmpMapRequest, nonceBytes, pcpPort, pcpRequest, readNatPmpAddress, readNatPmpMapping, readPcpAnswer } from '../../core/port-mapping/pcp-messages.ts';
import { noAddress, type AskOptions, type Mapping, type Outcome } from './mapping.ts';
import type { Router } from './routers.ts';

/** A router is one hop away; what is lost is sent again, with the waits of RFC 6886 but not for as long. */
const waitsMs = [250, 500, 1000];

/** Asks by PCP, and by NAT-PMP whoever knows only that. Does not reject. */
export async function askByPcp(router: Router, { port, before, signal }: AskOptions, serverPort: number = pcpPort): Promise<Outcome> {
  const had = before?.method === 'pcp' && before.proof !== null && 'nonce' in before.proof ? before.proof.nonce : null;
  const request = { nonce: had ?? randomBytes(nonceBytes), localHost: router.localHost, port, outsidePort: before?.outsidePort ?? port, seconds: limits.portMapping.leaseSeconds };
  const answer = await exchange(router, pcpRequest(request), (bytes) => readPcpAnswer(bytes, request), signal, serverPort);
  if (answer === null) return { kind: 'silent' };
  // What is older knows nothing of IPv6.
  if (answer.kind === 'older') return isIPv6(router.localHost) ? { kind: 'silent' } : askByNatPmp(router, request, signal, serverPort);
  if (answer.kind === 'refused') return { kind: 'refused', reason: `PCP ${answer.code}` };
  return granted({ method: 'pcp', router, host: answer.host, outsidePort: answer.port, lifetimeMs: answer.seconds * second, isCheap: true, proof: { nonce: request.nonce } });
}

async function askByNatPmp(router: Router, request: { readonly port: number; readonly outsidePort: number; readonly seconds: number }, signal: AbortSignal, serverPort: number): Promise<Outcome> {
  const address = await exchange(router, natPmpAddressRequest(), readNatPmpAddress, signal, serverPort);
  if (address === null) return { kind: 'silent' };
  if (address.kind === 'refused') return { kind: 'refused', reason: `NAT-PMP ${address.code}` };
  const mapped = await exchange(router, natPmpMapRequest(request), (bytes) => readNatPmpMapping(bytes, request.port), signal, serverPort);
  if (mapped === null) return { kind: 'silent' };
  if (mapped.kind === 'refused') return { kind: 'refused', reason: `NAT-PMP ${mapped.code}` };
  return granted({ method: 'nat-pmp', router, host: address.value, outsidePort: mapped.value.port, lifetimeMs: mapped.value.seconds * second, isCheap: true, proof: null });
}

const noHosts: ReadonlySet<string> = new Set(['0.0.0.0', '0:0:0:0:0:0:0:0']);
/** A router without a line has no outside address, and may say yes all the same. */
const granted = (mapping: Mapping): Outcome => (noHosts.has(mapping.host) || mapping.outsidePort === 0 || mapping.lifetimeMs === 0 ? { kind: 'refused', reason: noAddress } : { kind: 'granted', mapping });

/** Tells the router that a mapping is not needed any more; what is lost ends with its lease. */
export async function endByPcp({ method, router, proof }: Mapping, port: number, signal: AbortSignal, serverPort: number = pcpPort): Promise<void> {
  if (method === 'nat-pmp') await exchange(router, natPmpMapRequest({ port, outsidePort: 0, seconds: 0 }), () => true, signal, serverPort);
  else if (proof !== null && 'nonce' in proof) await exchange(router, pcpRequest({ nonce: proof.nonce, localHost: router.localHost, port, outsidePort: 0, seconds: 0 }), () => true, signal, serverPort);
}

/** The first answer that can be read; null when there is none in time, or nobody listens there. The socket is bound to our address beside the router, and hears nobody else. */
function exchange<T>({ host, localHost }: Router, request: Uint8Array, read: (bytes: Uint8Array) => T | null, signal: AbortSignal, serverPort: number): Promise<T | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(localHost) ? 'udp6' : 'udp4');
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const finish = (answer: T | null): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(answer);
    };
    const abort = (): void => { finish(null); };
    const send = (at: number): void => {
      const waitMs = waitsMs[at];
      if (waitMs === undefined) return finish(null);
      // What keeps it from being sent is told as an error of the socket, too.
      socket.send(request, () => undefined);
      timer = setTimeout(() => { send(at + 1); }, waitMs);
    };
    socket.on('error', abort);
    socket.on('message', (bytes) => {
      const answer = read(bytes);
      if (answer !== null) finish(answer);
    });
    socket.on('connect', () => { if (!isOver) send(0); });
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.bind(0, localHost, () => { if (!isOver) socket.connect(serverPort, host); });
  });
}
