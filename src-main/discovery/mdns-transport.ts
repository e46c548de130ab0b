import { EventEmitter } from 'node:events';
import type { RemoteInfo } from 'node:dgram';

export interface MdnsTransportOptions {
  readonly send: (data: Uint8Array, port: number, host: string, done: (error: Error | null) => void) => void;
  /** Packets are sent only while this is true. */
  readonly maySend: () => boolean;
}

/**
 * What multicast-dns takes for its socket. The real socket stays ours: it is bound, joined and closed by us, its errors
 * never reach the library (which would throw them at the process), and a packet the library trips over is dropped.
 */
export class MdnsTransport extends EventEmitter {
  readonly #options: MdnsTransportOptions;

  constructor(options: MdnsTransportOptions) {
    super();
    this.#options = options;
  }

  /** The signature multicast-dns uses; the callback never gets an error, since the owner of the socket deals with it. */
  send(data: Uint8Array, _offset: number, _length: number, port: number, host: string, done: () => void): void {
    if (this.#options.maySend()) this.#options.send(data, port, host, () => done());
    else process.nextTick(done);
  }

  close(done: () => void): void {
    this.removeAllListeners();
    process.nextTick(done);
  }

  /** Gives a packet to the library; false when it could not read it. */
  receive(data: Buffer, from: RemoteInfo): boolean {
    try {
      this.emit('message', data, from);
      return true;
    } catch {
      return false;
    }
  }
}
