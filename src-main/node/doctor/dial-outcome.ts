import { AppError, errorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { second } from '#shared/units.ts';
import type { DialOutcome } from '#main/core/doctor/device-findings.ts';
import { withTimeout } from '../../net/with-timeout.ts';
import type { Address, Links } from '../ports/links.ts';

/** Whoever is near answers within milliseconds; this leaves time for one packet that was lost, and for a name to be looked up. */
const dialLimitMs = 3 * second;

/** What came of a dial, and the name of the network that is switched off, if that was why. */
export interface Dialled {
  readonly outcome: DialOutcome;
  readonly network: string;
}

/** Dials as everything else does, so that what is found is what happens; links when it can. Rejects only with `cancelled`, when `signal` fires. */
export async function dialOutcome(links: Pick<Links, 'dial'>, address: Address, expect: DeviceId | undefined, signal: AbortSignal): Promise<Dialled> {
  const limit = withTimeout(signal, dialLimitMs);
  try {
    const link = await links.dial(address, { signal: limit, ...(expect === undefined ? {} : { expect }) });
    return { outcome: { ok: true, name: link.remote.name }, network: '' };
  } catch (error) {
    if (signal.aborted) throw new AppError('cancelled');
    const { code, params } = errorInfo(error);
    const given = code === 'cancelled' && limit.aborted ? 'timeout' : code;
    return { outcome: { ok: false, code: given, system: systemCode(error) }, network: String(params?.['name'] ?? '') };
  }
}

/** What the system said, however deep it lies: a name with several addresses fails with all their errors. */
function systemCode(error: unknown): string {
  if (error instanceof AggregateError) return systemCode(error.errors[0]);
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string' && !(error instanceof AppError)) return error.code;
  return systemCode(error.cause);
}
