import { MiB } from '#shared/units.ts';
import type { Micros } from './event-wheel.ts';
import type { SwarmOptions } from './swarm-options.ts';

/** A player begins with so much, and goes on with as much after it stalled. */
const bufferBytes = 4 * MiB;
/** Whoever has so much in order has begun well. */
const firstBytes = 16 * MiB;

/** How a film played for somebody who watched it while it arrived; times in seconds. */
export interface Playback {
  /** From the arrival of who watches. */
  readonly begins: number;
  readonly first16MiB: number;
  readonly stalls: number;
  /** All stalls together. */
  readonly stalled: number;
}

/** `writtenAt`: when each piece was on the disk; a player reads them in order, at `playRate`. */
export function playback(writtenAt: readonly Micros[], arrivedAt: Micros, { bytes, pieceBytes, playRate }: Pick<SwarmOptions, 'bytes' | 'pieceBytes' | 'playRate'>): Playback {
  let latest = arrivedAt;
  /** When each piece was there with all before it. */
  const thereAt = writtenAt.map((at) => (latest = Math.max(latest, at)) - arrivedAt);
  const pieces = Math.ceil(bytes / pieceBytes);
  const whenAre = (count: number): Micros => thereAt[Math.min(count, pieces) - 1] ?? Infinity;
  const buffer = Math.ceil(bufferBytes / pieceBytes);
  const begins = whenAre(buffer);
  let [now, stalls, stalled] = [begins, 0, 0];
  for (let piece = 0; piece < pieces; piece++) {
    if (whenAre(piece + 1) > now) {
      const until = whenAre(piece + buffer);
      stalls++;
      stalled += until - now;
      now = until;
    }
    now += (1e6 * pieceBytes) / playRate;
  }
  return { begins: begins / 1e6, first16MiB: whenAre(Math.ceil(firstBytes / pieceBytes)) / 1e6, stalls, stalled: stalled / 1e6 };
}

/** Of all who watched, on average; null: nobody did. */
export function meanPlayback(all: readonly Playback[]): Playback | null {
  if (all.length === 0) return null;
  const mean = (of: (one: Playback) => number): number => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return { begins: mean(({ begins }) => begins), first16MiB: mean(({ first16MiB }) => first16MiB), stalls: mean(({ stalls }) => stalls), stalled: mean(({ stalled }) => stalled) };
}
