import type { TLSSocket } from 'node:tls';

/** A TLS record's worth and more; one read never gives more than 16 KiB of it. */
const bufferBytes = 64 * 1024;
/** Shared by all dialled connections of this thread: what is read is consumed before the call returns. */
const shared = Buffer.allocUnsafeSlow(bufferBytes);
/** The part of it that was last read: records are mostly of one size, and then no view is made per record. */
let view = shared.subarray(0, 16 * 1024);

/**
 * Reads a dialled socket without the stream machinery and without an allocation per record; with accepted sockets, where
 * Node has no such way, it falls back to `data` events. Bytes that come before anybody takes them end the connection.
 */
export class SocketReader {
  #take: ((chunk: Uint8Array) => void) | null = null;

  /** For `tls.connect`. */
  readonly onread = {
    buffer: shared,
    callback: (bytes: number): boolean => {
      if (this.#take === null) return false;
      if (view.length !== bytes) view = shared.subarray(0, bytes);
      this.#take(view);
      return true;
    },
  };

  start(take: (chunk: Uint8Array) => void): void {
    this.#take = take;
  }
}

/** Every chunk that an accepted socket receives. */
export function readAccepted(socket: TLSSocket, take: (chunk: Uint8Array) => void): void {
  socket.on('data', take);
}
