import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import type { ServerUrl } from '#shared/server-url.ts';
import { isGoneHost } from '../gone-host.ts';
import { deviceIdOfSpki, type Identity } from '../identity.ts';

const connectionsAtOnce = 4;

export interface AgentLimits {
  readonly connections?: number;
  /** The port of ours that connections come from; the system's choice without it. */
  readonly localPort?: number;
}
const connectMs = 10_000;

/**
 * Connections to one server, by our device's certificate. Nothing is sent before the server has proven who it is: by the
 * key whose hash its URL names, or by a certificate that the system trusts.
 */
export class ServerAgent extends Agent {
  readonly #url: ServerUrl;
  readonly #identity: Pick<Identity, 'keyPem' | 'certPem'>;
  readonly #localPort: number | undefined;
  /** Also those that became WebSockets, which the agent itself knows no longer. */
  readonly #sockets = new Set<TLSSocket>();

  constructor(url: ServerUrl, identity: Pick<Identity, 'keyPem' | 'certPem'>, { connections = connectionsAtOnce, localPort }: AgentLimits = {}) {
    super({ keepAlive: true, maxSockets: connections });
    this.#localPort = localPort;
    this.#url = url;
    this.#identity = identity;
  }

  override createConnection(_options: AgentOptions, done: (error: Error | null, socket: Duplex) => void): undefined {
    const { host, port, fingerprint } = this.#url;
    const socket = connect({
      host, port, ...(this.#localPort === undefined ? {} : { localPort: this.#localPort }), key: this.#identity.keyPem, cert: this.#identity.certPem, minVersion: 'TLSv1.2', rejectUnauthorized: fingerprint === null,
      ...(/^[\d.:]|:/.test(host) ? {} : { servername: host }), ALPNProtocols: ['http/1.1'],
    });
    this.#sockets.add(socket);
    socket.once('close', () => { this.#sockets.delete(socket); });
    const fail = (error: Error): void => {
      socket.destroy();
      done(error, socket);
    };
    socket.setTimeout(connectMs, () => { fail(new AppError('timeout', { address: this.#url.origin })); });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      socket.setTimeout(0);
      if (fingerprint === null || isOf(socket, fingerprint)) done(null, socket);
      else fail(new AppError('identity-changed', { name: this.#url.origin }));
    });
  }

  /** Cuts what runs from an address that is ours no longer. */
  networksChanged(): void {
    for (const socket of this.#sockets) if (isGoneHost(socket.localAddress ?? '')) socket.destroy();
  }
}

/** Verification errors of OpenSSL that go away with the right date (`X509_verify_cert_error_string`). */
const dateErrors: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
/** Those that say that nobody vouches for the certificate, or that it is another host's. */
const trustErrors: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED',
  'INVALID_CA', 'INVALID_PURPOSE', 'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Why a server that is there was not believed; null: it was something else. */
export function doubtOf(error: unknown, name: string): AppError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (dateErrors.has(code)) return new AppError('server-dates', { name }, { cause: error });
  return trustErrors.has(code) ? new AppError('server-untrusted', { name }, { cause: error }) : null;
}

function isOf(socket: TLSSocket, fingerprint: string): boolean {
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key !== undefined && deviceIdOfSpki(key.export({ type: 'spki', format: 'der' })) === fingerprint;
}
