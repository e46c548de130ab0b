import type { Bytes, Millis } from '#shared/units.ts';
import type { ShownRate } from '../../../core/pace/shown-rate.ts';

/** What one device gave of a download in this run. */
export interface PeerShare {
  pieces: number;
  bytes: Bytes;
  failures: number;
  readonly rate: ShownRate;
  /** When it gave the last piece; null: none yet. */
  gaveAt: Millis | null;
}
