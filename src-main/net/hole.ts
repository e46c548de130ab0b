import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketAddress } from '#shared/address.ts';
import { AppError } from '#shared/errors.ts';
import { second } from '#shared/units.ts';
import { withTimeout } from './with-timeout.ts';

/** Where systems take the ports of outgoing connections from. */
const [firstPort, lastPort] = [32_768, 60_999];
const portTries = 8;
/** The other end begins a moment earlier or later; until both have, routers refuse or swallow what comes. */
const lastsMs = 6 * second;
const againMs = 150;

/** Says where a connection from this port of ours is seen to come from, and keeps it, and so the router's mapping, until it is released. */
export type AskOutside = (localPort: number, signal: AbortSignal) => Promise<{ readonly outside: SocketAddress; release(): void }>;

/**
 * A port of ours through which a router may let one other device in: TCP hole punching by simultaneous open (RFC 5128 §3.4, RFC 9293 §3.5). It never listens. It works
 * where a router maps a port of ours to the same outside port for whomever we speak to.
 */
export class Hole {
  readonly outside: SocketAddress;
  readonly #port: number;
  readonly #release: () => void;

  private constructor(port: number, outside: SocketAddress, release: () => void) {
    this.#port = port;
    this.outside = outside;
    this.#release = release;
  }

  /** Rejects with what `ask` rejects with. */
  static async open(ask: AskOutside, signal: AbortSignal): Promise<Hole> {
    for (let tries = 1; ; tries++) {
      const port = randomInt(firstPort, lastPort + 1);
      try {
        const { outside, release } = await ask(port, signal);
        return new Hole(port, outside, release);
      } catch (error) {
        if (tries >= portTries || signal.aborted || !isTaken(error)) throw error;
      }
    }
  }

  /** Connects with the other end, which does the same. Rejects with `not-reachable`, `cancelled`. */
  async connect(other: SocketAddress, signal: AbortSignal): Promise<Socket> {
    const until = withTimeout(signal, lastsMs);
    let cause: unknown;
    while (!until.aborted) {
      const socket = connect({ host: other.host, port: other.port, localPort: this.#port, noDelay: true });
      socket.on('error', () => undefined);
      try {
        await once(socket, 'connect', { signal: until });
        return socket;
      } catch (error) {
        socket.destroy();
        cause = error;
      }
      await sleep(againMs, undefined, { signal: until }).catch(() => undefined);
    }
    throw signal.aborted ? new AppError('cancelled') : new AppError('not-reachable', { address: `${other.host}:${other.port}` }, { cause });
  }

  close(): void {
    this.#release();
  }
}

function isTaken(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) if ('code' in each && each.code === 'EADDRINUSE') return true;
  return false;
}
