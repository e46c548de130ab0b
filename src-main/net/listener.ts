import { createServer, type Server, type Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { HandshakeGate } from './handshake-gate.ts';
import type { Identity } from './identity.ts';
import { plainHost } from './host.ts';
import type { IsUsedHost } from './network-off.ts';
import { alpn, remoteDeviceId, tlsOptions } from './tls-identity.ts';

/** How many ports are tried from the wanted one on. */
const portTries = 64;

/** A connection whose other end is proven. `release` frees its place among those that are not linked yet. */
export type OnSecured = (socket: TLSSocket, id: DeviceId, release: () => void) => void;

/** Takes TCP connections and hands on those that finish a TLS handshake with a device certificate in time. */
export class Listener {
  readonly #onSecured: OnSecured;
  readonly #isUsed: IsUsedHost;
  readonly #plain: Server;
  readonly #tls: TlsServer;
  readonly #gate = new HandshakeGate();
  readonly #sockets = new Set<Socket>();
  /** Places of connections in their handshake, by the other end's address and port. */
  readonly #places = new Map<string, () => void>();

  constructor(identity: Identity, isUsed: IsUsedHost, onSecured: OnSecured) {
    this.#onSecured = onSecured;
    this.#isUsed = isUsed;
    this.#tls = new TlsServer({ ...tlsOptions(identity), requestCert: true, rejectUnauthorized: false, ALPNProtocols: [alpn], handshakeTimeout: limits.link.handshakeMs });
    this.#tls.on('secureConnection', (socket) => { this.#secured(socket); });
    // Strangers, scanners and lost connections: nothing to tell anybody.
    this.#tls.on('tlsClientError', (_error, socket) => { socket.destroy(); });
    this.#plain = createServer({ noDelay: true }, (socket) => { this.#accepted(socket); });
  }

  /** Listens on `port`, or the next free one. Rejects with `port-taken`, or `not-reachable` when there is no such address here. */
  async listen(port: number, host: string): Promise<number> {
    const last = port === 0 ? 0 : Math.min(65535, port + portTries - 1);
    for (let candidate = port; candidate <= last; candidate++) {
      const failure = await this.#tryPort(candidate, host);
      if (failure === null) break;
      if (failure === 'EADDRNOTAVAIL' || failure === 'EINVAL' || failure === 'ENOTFOUND' || failure === 'EAFNOSUPPORT') throw new AppError('not-reachable', { address: host });
      if (candidate === last) throw new AppError('port-taken', { port });
    }
    const address = this.#plain.address();
    if (address === null || typeof address === 'string') throw new AppError('internal', { detail: 'no listening port' });
    return address.port;
  }

  /** Takes no more connections; when `linked` says that the owners of the present ones are done, all that is left is cut. */
  async close(linked: Promise<unknown>): Promise<void> {
    const closed = this.#plain.listening ? new Promise<void>((resolve) => { this.#plain.close(() => { resolve(); }); }) : Promise.resolve();
    await linked;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Networks were switched: connections over those that are off are cut. */
  networksChanged(): void {
    for (const socket of this.#sockets) if (!this.#isUsed(socket.localAddress ?? '')) socket.destroy();
  }

  #tryPort(port: number, host: string): Promise<string | null> {
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException): void => { resolve(error.code ?? 'unknown'); };
      this.#plain.once('error', failed);
      this.#plain.listen({ port, host }, () => {
        this.#plain.off('error', failed);
        // What happens to a listening socket later (too many files open) concerns single connections only.
        this.#plain.on('error', () => undefined);
        resolve(null);
      });
    });
  }

  #accepted(socket: Socket): void {
    // Without a word, as if nobody listened here.
    const place = this.#isUsed(socket.localAddress ?? '') ? this.#gate.enter(plainHost(socket.remoteAddress ?? ''), () => { socket.destroy(); }) : null;
    if (place === null) {
      socket.destroy();
      return;
    }
    const key = endOf(socket);
    this.#places.set(key, place);
    this.#sockets.add(socket);
    socket.on('error', () => { socket.destroy(); });
    socket.on('close', () => {
      place();
      this.#places.delete(key);
      this.#sockets.delete(socket);
    });
    this.#tls.emit('connection', socket);
  }

  #secured(socket: TLSSocket): void {
    // The connection has an owner only after this; until then an error means that it is gone.
    socket.on('error', () => { socket.destroy(); });
    let id: DeviceId;
    try {
      id = remoteDeviceId(socket);
    } catch (error) {
      socket.destroy();
      if (error instanceof AppError) return;
      throw error;
    }
    this.#onSecured(socket, id, this.#places.get(endOf(socket)) ?? (() => undefined));
  }
}

const endOf = (socket: Socket): string => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
