/** What we need of dns-packet, the codec of multicast-dns, which has no types of its own. */
declare module 'dns-packet' {
  export interface DnsRecord {
    readonly type: string;
    readonly name: string;
    readonly data?: unknown;
  }
  export interface DnsPacket {
    readonly type: 'query' | 'response';
    readonly answers: readonly DnsRecord[];
    readonly additionals: readonly DnsRecord[];
  }
  /** Throws when the bytes are no packet. */
  export function decode(bytes: Buffer): DnsPacket;
  export function encode(packet: DnsPacket): Buffer;
}
