import type { Duplex } from 'node:stream';
import { connect, TLSSocket, type SecureContext } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { readAccepted } from './socket-reader.ts';
import { alpn, remoteDeviceId } from './tls-identity.ts';

/** A connection whose other end is proven, over a stream that somebody else opened. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly id: DeviceId;
  readonly reader: { start(take: (chunk: Uint8Array) => void): void };
}

export interface StreamEnds {
  readonly context: SecureContext;
  /** Whether we are the client of the handshake; the other end is the other one. */
  readonly dialled: boolean;
  /** Nobody else will do. */
  readonly expect: DeviceId;
  readonly signal: AbortSignal;
}

/**
 * Finishes a TLS handshake on a stream: whoever carries its bytes sees nothing and can change nothing. `take` is called in the same turn, so that no byte can
 * come before it; what it gives is the result. The stream is closed on failure. Rejects with `timeout`, `cancelled`, `identity-changed`, `protocol-error`,
 * `link-closed` or what `take` throws.
 */
export function secureStream<Result>(stream: Duplex, { context, dialled, expect, signal }: StreamEnds, take: (secured: Secured) => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    const common = { secureContext: context, ALPNProtocols: [alpn], rejectUnauthorized: false };
    const socket = dialled ? connect({ ...common, socket: stream, servername: '', checkServerIdentity: () => undefined }) : new TLSSocket(stream, { ...common, isServer: true, requestCert: true });
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket.off('close', closed);
    };
    const fail = (error: Error): void => {
      finish();
      socket.destroy();
      stream.destroy();
      reject(error);
    };
    const timer = setTimeout(() => { fail(new AppError('timeout')); }, limits.link.handshakeMs);
    const aborted = (): void => { fail(new AppError('cancelled')); };
    const closed = (): void => { fail(new AppError('link-closed')); };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    // Both stay: an error is always followed by a close, which says that it is over.
    socket.on('error', () => { socket.destroy(); });
    stream.on('error', () => { socket.destroy(); });
    stream.once('close', () => { socket.destroy(); });
    socket.once('close', closed);
    socket.once('close', () => { stream.destroy(); });
    socket.once(dialled ? 'secureConnect' : 'secure', () => {
      try {
        const id = remoteDeviceId(socket);
        if (id !== expect) throw new AppError('identity-changed');
        const result = take({ socket, id, reader: { start: (chunk) => { readAccepted(socket, chunk); } } });
        finish();
        resolve(result);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
