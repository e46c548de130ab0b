import type { WebSocket } from 'ws';
import { limits } from '#shared/limits.ts';
import { minute, type Millis } from '#shared/units.ts';
import { TokenBucket } from '../core/rate/token-bucket.ts';
import { RelayFlow } from './registry/relay-flow.ts';

/** WebSocket close codes (RFC 6455 §7.4.1). */
export const closeCodes = { normal: 1000, goingAway: 1001, unsupportedData: 1003 } as const;
/** What is said of an end that closed without a code. */
const noCode = 1005;

const { relayPingMs, relaySilenceMs } = limits.bootstrap;

interface End {
  readonly socket: WebSocket;
  /** What goes to it. */
  readonly flow: RelayFlow;
  /** When it last sent or took something. */
  seenAt: Millis;
  /** Nothing is read from it. */
  isHeld: boolean;
}

export interface PairParts {
  readonly now: () => Millis;
  /** 0: no limit. */
  readonly bytesPerSecond: number;
  readonly onBytes: (bytes: number) => void;
  /** Both are closed. */
  readonly onEnd: () => void;
}

/** Two WebSockets, joined: what comes in on one goes out on the other, no faster than that one takes it. When one ends, the other is closed. */
export class RelayedPair {
  readonly #parts: PairParts;
  readonly #ends: readonly End[];
  #open = 2;
  #isOver = false;

  /** `first` is paused, and may have sent something already. */
  constructor(first: WebSocket, second: WebSocket, parts: PairParts) {
    this.#parts = parts;
    const { now, bytesPerSecond } = parts;
    const bucket = bytesPerSecond === 0 ? null : new TokenBucket(bytesPerSecond, bytesPerSecond, now());
    const one: End = { socket: first, flow: new RelayFlow(bucket), seenAt: now(), isHeld: true };
    const other: End = { socket: second, flow: new RelayFlow(bucket), seenAt: now(), isHeld: false };
    this.#ends = [one, other];
    this.#carry(one, other);
    this.#carry(other, one);
  }

  /** To be called every few seconds: asks whether the ends are there, and cuts one that is not. */
  look(): void {
    const now = this.#parts.now();
    for (const { socket, flow, seenAt, isHeld } of this.#ends) {
      // What is not read cannot be heard: then it is the other end that takes nothing.
      if (isHeld && !flow.isWaiting) continue;
      if (now - seenAt > relaySilenceMs) socket.terminate();
      // Behind what waits it would come late, and that shows all the same whether somebody is there.
      else if (now - seenAt > relayPingMs && !flow.isWaiting && socket.readyState === socket.OPEN) socket.ping();
    }
  }

  close(code: number, reason: string): void {
    this.#isOver = true;
    for (const end of this.#ends) {
      // Its answer to the close comes behind what it has sent.
      release(end, this.#parts.now());
      end.socket.close(code, reason);
    }
  }

  cut(): void {
    for (const { socket } of this.#ends) socket.terminate();
  }

  #carry(source: End, target: End): void {
    const { now, onBytes, onEnd } = this.#parts;
    const { flow } = target;
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      const holdMs = this.#isOver ? 0 : flow.holdMs(now());
      if (holdMs === 0) release(source, now());
      else hold(source);
      if (holdMs > 0 && holdMs !== Infinity) timer = setTimeout(settle, Math.min(Math.ceil(holdMs), minute));
    };
    const seen = (): void => { source.seenAt = now(); };
    source.socket.on('message', (data, isBinary) => {
      if (this.#isOver) return;
      if (!isBinary || !Buffer.isBuffer(data)) {
        this.close(closeCodes.unsupportedData, 'binary messages only');
        return;
      }
      seen();
      onBytes(data.length);
      flow.taken(now(), data.length);
      target.socket.send(data, { binary: true }, (error) => {
        flow.written(data.length);
        if (error === undefined || error === null) target.seenAt = now();
        settle();
      });
      settle();
    });
    source.socket.on('ping', seen);
    source.socket.on('pong', seen);
    source.socket.on('close', (code) => {
      clearTimeout(timer);
      const isProper = code === closeCodes.normal || code === noCode;
      this.close(isProper ? closeCodes.normal : closeCodes.goingAway, isProper ? 'closed' : 'gone');
      if (--this.#open === 0) onEnd();
    });
    settle();
  }
}

function hold(end: End): void {
  if (end.isHeld) return;
  end.isHeld = true;
  end.socket.pause();
}

function release(end: End, now: Millis): void {
  if (!end.isHeld) return;
  end.isHeld = false;
  end.seenAt = now;
  end.socket.resume();
}
