import type { TcpSocketConnectOpts } from 'node:net';
import { connect, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Address } from '../node/ports/links.ts';
import { networkOff, type IsUsedHost } from './network-off.ts';
import { SocketReader } from './socket-reader.ts';
import { alpn, remoteDeviceId } from './tls-identity.ts';

/** A dialled connection whose other end is proven. */
export interface Dialled {
  readonly socket: TLSSocket;
  readonly id: DeviceId;
  readonly reader: SocketReader;
}

/** `HOST:PORT`, with brackets around IPv6. */
export const addressText = ({ host, port }: Address): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

export class Dialler {
  readonly #context: SecureContext;
  readonly #isUsed: IsUsedHost;

  constructor(context: SecureContext, isUsed: IsUsedHost) {
    this.#context = context;
    this.#isUsed = isUsed;
  }

  /**
   * Connects and finishes the TLS handshake. `take` is called in the same turn, so that no byte can come before it; what
   * it gives is the result. Rejects with `not-reachable`, `network-off`, `timeout`, `protocol-error`, `cancelled` or what
   * `take` throws.
   */
  dial<Result>(address: Address, signal: AbortSignal | undefined, take: (dialled: Dialled) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new AppError('cancelled'));
        return;
      }
      const reader = new SocketReader();
      // tls.connect hands what it does not know itself to socket.connect, `onread` and `noDelay` among it.
      const options: ConnectionOptions & Pick<TcpSocketConnectOpts, 'noDelay' | 'onread'> = {
        host: address.host,
        port: address.port,
        secureContext: this.#context,
        ALPNProtocols: [alpn],
        // The address that somebody typed is nobody else's business, and names prove nothing here.
        servername: '',
        checkServerIdentity: () => undefined,
        rejectUnauthorized: false,
        noDelay: true,
        onread: reader.onread,
      };
      const socket = connect(options);
      let connected = false;
      let cause: Error | undefined;
      const timer = setTimeout(() => { fail(new AppError('timeout', { address: addressText(address) })); }, limits.link.handshakeMs);
      const aborted = (): void => { fail(new AppError('cancelled')); };
      const closed = (): void => { fail(dialFailure(cause, connected, address)); };
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        socket.off('close', closed);
      };
      const fail = (error: Error): void => {
        finish();
        socket.destroy();
        reject(error);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      /** Which network leads there is known only now. */
      const refuseUnused = (): boolean => {
        const host = socket.localAddress ?? '';
        if (this.#isUsed(host)) return false;
        fail(networkOff(host, addressText(address)));
        return true;
      };
      // Before TLS hears of it: nothing of ours goes out on a network that is off.
      socket.prependOnceListener('connect', () => { connected = !refuseUnused(); });
      // Stays for the life of the socket: an error is always followed by a close, which says that it is over.
      socket.on('error', (error: Error) => { cause = error; });
      socket.once('close', closed);
      socket.once('secureConnect', () => {
        if (refuseUnused()) return;
        try {
          const result = take({ socket, id: remoteDeviceId(socket), reader });
          finish();
          resolve(result);
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}

/** Before the TCP connection stands nobody is there; afterwards whoever is there does not speak our TLS. */
function dialFailure(cause: Error | undefined, connected: boolean, address: Address): AppError {
  return connected
    ? new AppError('protocol-error', { address: addressText(address), detail: 'no DistriShare answers there' }, { cause })
    : new AppError('not-reachable', { address: addressText(address) }, { cause });
}
