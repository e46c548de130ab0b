import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { NetworkChannel } from './channels.ts';

export interface MulticastSocketOptions {
  readonly channel: NetworkChannel;
  readonly group: string;
  /** Shared with other programs and nodes on this machine; null for a port of our own, which joins no group. */
  readonly port: number | null;
  readonly ttl: number;
  readonly onMessage: (data: Buffer, from: RemoteInfo) => void;
  /** The socket broke after it was opened. */
  readonly onBroken: (error: Error) => void;
}

/** A UDP socket that speaks to one group on one channel. */
export interface MulticastSocket {
  readonly raw: Socket;
  /** Calls back when the system has taken the packet or refused it. */
  send(data: Uint8Array, port: number, host: string, done: (error: Error | null) => void): void;
  close(): Promise<void>;
}

const zoned = (host: string, zone: string): string => (zone === '' ? host : `${host}%${zone}`);

/** What the system wants to hear as the name of an interface. */
const interfaceOf = (channel: NetworkChannel): string => (channel.family === 4 ? channel.address : zoned('::', channel.zone));

function configure(socket: Socket, { channel, group, port, ttl }: MulticastSocketOptions): void {
  if (port !== null) socket.addMembership(group, interfaceOf(channel));
  socket.setMulticastInterface(interfaceOf(channel));
  socket.setMulticastTTL(ttl);
  // Other nodes on this machine must hear us, so we hear ourselves too.
  socket.setMulticastLoopback(true);
}

/**
 * Opens a socket; rejects with what the system says. Packets from senders that are not on the channel's own network are
 * dropped: some systems give every socket on a port what arrived for the group on any interface.
 */
export function openMulticastSocket(options: MulticastSocketOptions): Promise<MulticastSocket> {
  const { channel, port } = options;
  const socket = createSocket({ type: channel.family === 4 ? 'udp4' : 'udp6', reuseAddr: port !== null, ipv6Only: channel.family === 6 });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    const bindTo = port !== null ? (channel.family === 4 ? '0.0.0.0' : '::') : zoned(channel.address, channel.zone);
    socket.bind({ port: port ?? 0, address: bindTo }, () => {
      socket.removeListener('error', fail);
      try {
        configure(socket, options);
      } catch (error) {
        return fail(error instanceof Error ? error : new Error(String(error)));
      }
      socket.on('error', options.onBroken);
      socket.on('message', (data, from) => { if (channel.isOnLink(from.address)) options.onMessage(data, from); });
      return resolve(wrap(socket));
    });
  });
}

function wrap(socket: Socket): MulticastSocket {
  let closed: Promise<void> | null = null;
  return {
    raw: socket,
    send: (data, port, host, done) => {
      if (closed) done(null);
      else socket.send(data, port, host, done);
    },
    close: () => (closed ??= new Promise((resolve) => { socket.close(resolve); })),
  };
}
