import type { PeerLimits } from '#shared/model/limit.ts';

/** `↓ 2 MB/s  ↑ 1 MB/s`, without what is not limited; empty when nothing is. */
export function limitsText(limits: PeerLimits | undefined, rate: (bytesPerSecond: number) => string): string {
  const { down = 'off', up = 'off' } = limits ?? {};
  return [...(down === 'off' ? [] : [`↓ ${rate(down)}`]), ...(up === 'off' ? [] : [`↑ ${rate(up)}`])].join('  ');
}
