import type { Server, Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import { HandshakeGate } from '../net/handshake-gate.ts';
import { plainHost } from '../net/host.ts';
import type { Allowances } from '../core/rate/allowances.ts';
import { networkOf } from './registry/network-of.ts';

/** What a handshake takes of an address's allowance: it costs us as much as some dozen requests, and whoever keeps its connection needs few. */
const handshakeCost = 3;

export interface ConnectionLimits {
  readonly perAddress: number;
  readonly halfOpen: number;
}

const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ''} ${remotePort ?? 0}`;

/**
 * Lets connections in before anything is computed for them: so many of one network, so many that have not finished their handshake, and
 * none of a network that has used up its allowance. Only for servers that clients reach directly.
 */
export function guardConnections(server: TlsServer & Server, { perAddress, halfOpen }: ConnectionLimits, allowances: Allowances, now: () => number, onRefused: () => void): void {
  const gate = new HandshakeGate(halfOpen, Math.max(16, halfOpen >> 3));
  const counts = new Map<string, number>();
  const handshakes = new Map<string, () => void>();
  server.on('connection', (socket: Socket) => {
    const network = networkOf(plainHost(socket.remoteAddress ?? ''));
    const count = counts.get(network) ?? 0;
    const refuse = (): void => {
      onRefused();
      socket.destroy();
    };
    const leave = count < perAddress && allowances.take(now(), network, handshakeCost) === 0 ? gate.enter(network, refuse) : null;
    if (leave === null) {
      refuse();
      return;
    }
    const end = endOf(socket);
    counts.set(network, count + 1);
    handshakes.set(end, leave);
    socket.once('close', () => {
      leave();
      if (handshakes.get(end) === leave) handshakes.delete(end);
      const left = (counts.get(network) ?? 1) - 1;
      if (left === 0) counts.delete(network);
      else counts.set(network, left);
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const end = endOf(socket);
    handshakes.get(end)?.();
    handshakes.delete(end);
  });
}
