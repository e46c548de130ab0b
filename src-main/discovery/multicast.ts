import type { SocketAddress } from '#shared/address.ts';
import { ChannelSet } from './channel-set.ts';
import type { NetworkChannel } from './channels.ts';
import { openMulticastSocket } from './multicast-socket.ts';

/** Where beacons are sent (docs/protocol.md). The IPv6 group is link-local and transient (RFC 4291 §2.7). */
export const beaconPort = 10_000;
export const beaconGroups = { 4: '224.1.1.1', 6: 'ff12::d15c' } as const;

/** A channel that refuses this many packets in a row is opened anew. */
const refusalsTolerated = 3;

export interface BeaconChannel {
  /** `to: null` is the group. */
  send(data: Uint8Array, to: SocketAddress | null): void;
  /** Waits for what was sent, then closes. */
  close(): Promise<void>;
}

export interface MulticastOptions {
  readonly onPacket: (channel: NetworkChannel, from: SocketAddress, data: Uint8Array) => void;
  readonly onUp: (channel: NetworkChannel) => void;
  readonly onDown: (channel: NetworkChannel) => void;
  readonly onState: () => void;
  readonly port?: number;
}

/**
 * Opens a channel: one socket listens on the port that all nodes share, another with a port of its own sends and takes
 * the direct answers, because the system gives a packet for a shared port to only one of those who share it.
 */
async function openBeaconChannel(channel: NetworkChannel, port: number, onPacket: MulticastOptions['onPacket'], onBroken: (error: Error) => void): Promise<BeaconChannel> {
  const group = beaconGroups[channel.family];
  const onMessage = (data: Uint8Array, from: { address: string; port: number }): void => onPacket(channel, { host: from.address, port: from.port }, data);
  const listener = await openMulticastSocket({ channel, group, port, ttl: 1, onMessage, onBroken });
  const speaker = await openMulticastSocket({ channel, group, port: null, ttl: 1, onMessage, onBroken }).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });
  const sending = new Set<Promise<void>>();
  let refusals = 0;
  const send = (data: Uint8Array, to: SocketAddress | null): Promise<void> => new Promise((resolve) => {
    speaker.send(data, to?.port ?? port, to?.host ?? group, (error) => {
      // One lost packet is nothing; an interface that takes none is broken.
      refusals = error ? refusals + 1 : 0;
      if (error && refusals >= refusalsTolerated) onBroken(error);
      resolve();
    });
  });
  return {
    send: (data, to) => {
      const work: Promise<void> = send(data, to).finally(() => sending.delete(work));
      sending.add(work);
    },
    close: async () => {
      await Promise.all(sending);
      await Promise.all([listener.close(), speaker.close()]);
    },
  };
}

/** Beacons on every channel. */
export function openMulticast(options: MulticastOptions): ChannelSet<BeaconChannel> {
  const port = options.port ?? beaconPort;
  return new ChannelSet<BeaconChannel>({
    open: (channel, onBroken) => openBeaconChannel(channel, port, options.onPacket, onBroken),
    onUp: options.onUp,
    onDown: options.onDown,
    onState: options.onState,
    port,
  });
}
