import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { ControlResult } from '#shared/protocol/control.ts';
import type { Bytes, Timestamp } from '#shared/units.ts';
import { Allowances } from '../../core/rate/allowances.ts';

/** Answers of the length that is asked for, which say nothing: by them a device finds out what gets through. None can make us send much. */
export class ProbeAnswers {
  readonly #now: () => Timestamp;
  readonly #allowances = new Allowances(limits.probe.bytesPerSecond, limits.probe.burstBytes, limits.probe.askers);

  constructor(now: () => Timestamp) {
    this.#now = now;
  }

  /** Throws `rate-limited`. */
  answer(asker: DeviceId, bytes: Bytes): ControlResult<'probe'> {
    if (this.#allowances.take(this.#now(), asker, bytes) > 0) throw new AppError('rate-limited');
    return { padding: 'x'.repeat(bytes) };
  }
}
