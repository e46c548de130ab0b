import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import { limits } from '#shared/limits.ts';

/**
 * Opens the WebSockets of relayed connections. They have a server of their own, because the longest message is a setting of a server, not of a route, and is
 * what stands between a stranger and our memory: relayed messages may be long, and on `/v1/events` each of ten thousand devices may have us keep 4 KiB and no more.
 * Everything before that (limits, identity, refusals as HTTP errors) is the same as for any other route.
 */
export class RelayUpgrade {
  readonly #server = new WebSocketServer({
    noServer: true, maxPayload: limits.bootstrap.relayMessageBytes, perMessageDeflate: false, clientTracking: false,
    // A message may come in pieces; what they take besides its bytes is bounded, too.
    maxFragments: 256, maxBufferedChunks: 4096,
  });
  /** What came behind a request in the same packet. */
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();

  /** Listens before others do: they answer at once. */
  constructor(server: Server) {
    server.prependListener('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => { this.#heads.set(request, head); });
  }

  /** To be called before the route's handler, which it takes the place of. `use` is called before this returns, or never: when the request is not as it should be. */
  open({ raw }: FastifyRequest, reply: FastifyReply, use: (socket: WebSocket) => void): void {
    reply.hijack();
    this.#server.handleUpgrade(raw, raw.socket, this.#heads.get(raw) ?? Buffer.alloc(0), use);
  }
}
