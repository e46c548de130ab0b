import type { PathKind } from '#shared/model/peer.ts';
import type { Line } from '../../core/rate/rate-gate.ts';

/** Which line a path takes; null: none, what stays on this machine takes no line. */
export function lineTo(path: PathKind): Line | null {
  if (path === 'loopback') return null;
  return path === 'lan' ? 'near' : 'far';
}
