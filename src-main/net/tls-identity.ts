import { constants } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { deviceIdOfSpki, type Identity } from './identity.ts';

export const alpn = 'distrishare/1';

/**
 * TLS 1.3 only. AES-128 comes first: with AES instructions it is the fastest of the suites, and none of them is weak.
 * No tickets: every connection proves both keys anew.
 */
export const tlsOptions = ({ keyPem, certPem }: Identity): SecureContextOptions => ({
  key: keyPem,
  cert: certPem,
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_TICKET,
});

/**
 * Who is at the other end of a finished handshake. No authority signs device certificates: possession of the key, which
 * the handshake proves, is all there is to verify. Throws `protocol-error` when there is no device certificate.
 */
export function remoteDeviceId(socket: TLSSocket): DeviceId {
  if (socket.alpnProtocol !== alpn) throw new AppError('protocol-error', { detail: 'not a DistriShare connection' });
  if (socket.getProtocol() !== 'TLSv1.3') throw new AppError('protocol-error', { detail: 'not TLS 1.3' });
  const key = socket.getPeerX509Certificate()?.publicKey;
  const id = key === undefined ? null : deviceIdOfSpki(key.export({ type: 'spki', format: 'der' }));
  if (id === null) throw new AppError('protocol-error', { detail: 'no device certificate' });
  return id;
}
