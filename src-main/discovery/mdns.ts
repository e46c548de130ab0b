import { ChannelSet } from './channel-set.ts';
import { MdnsChannel, mdnsGroups, mdnsPort, type MdnsChannelOptions } from './mdns-channel.ts';
import { openMulticastSocket } from './multicast-socket.ts';

/** RFC 6762 §11. */
const mdnsTtl = 255;

export interface MdnsOptions extends Omit<MdnsChannelOptions, 'channel' | 'socket' | 'onBroken' | 'visible'> {
  readonly visible: () => boolean;
  readonly onState: () => void;
}

/** mDNS on every channel, each with a socket and a bonjour-service of its own, so that one that breaks disturbs no other. */
export function openMdns(options: MdnsOptions): ChannelSet<MdnsChannel> {
  return new ChannelSet<MdnsChannel>({
    open: async (channel, onBroken) => {
      let receiver: MdnsChannel | null = null;
      const socket = await openMulticastSocket({
        channel,
        group: mdnsGroups[channel.family],
        port: mdnsPort,
        ttl: mdnsTtl,
        onMessage: (data, from) => receiver?.receive(data, from),
        onBroken,
      });
      receiver = new MdnsChannel({ ...options, visible: options.visible(), channel, socket, onBroken });
      return receiver;
    },
    onUp: () => undefined,
    onDown: () => undefined,
    onState: options.onState,
    port: mdnsPort,
  });
}
