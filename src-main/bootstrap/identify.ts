import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { DeviceId } from '#shared/ids.ts';
import { deviceIdOfSpki } from '../net/identity.ts';
import type { Proofs } from './proofs.ts';

/** Whose certificate a connection proved; looked at once. Null: none, or not one of a device. */
const ofSocket = new WeakMap<TLSSocket, { readonly deviceId: DeviceId | null }>();

function certified(socket: TLSSocket): DeviceId | null {
  const known = ofSocket.get(socket);
  if (known !== undefined) return known.deviceId;
  // No authority signs device certificates: that the handshake proved possession of the key is all there is to verify.
  const key = socket.getPeerX509Certificate()?.publicKey;
  const deviceId = key === undefined ? null : deviceIdOfSpki(key.export({ type: 'spki', format: 'der' }));
  ofSocket.set(socket, { deviceId });
  return deviceId;
}

export const bearerOf = ({ headers: { authorization } }: FastifyRequest): string | null => (authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : null);

/** The device that a request is proven to come from, by its TLS certificate or a token; null without either. */
export function identify(request: FastifyRequest, proofs: Proofs, now: number): DeviceId | null {
  const token = bearerOf(request);
  if (token !== null) return proofs.deviceOf(now, token);
  const { socket } = request.raw;
  return socket instanceof TLSSocket ? certified(socket) : null;
}
