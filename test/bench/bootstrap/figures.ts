import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of times in milliseconds. */
export function percentiles(times: readonly number[]): string {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (part: number): string => `${(sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN).toFixed(2)} ms`;
  return `median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)} (${sorted.length})`;
}

export const row = (what: string, figure: string): void => { console.log(`${what.padEnd(72)} ${figure}`); };

/** What is in use after a collection, of the heap and of buffers. */
export function memoryBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
