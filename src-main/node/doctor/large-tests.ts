import { AppError, errorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { DiagnosisStep } from '#shared/model/diagnosis.ts';
import { largeFindings, type LargeOutcome, type Probed } from '#main/core/doctor/large-findings.ts';
import type { Link } from '../ports/links.ts';
import type { DoctorPorts, Test } from './doctor-ports.ts';

/** A packet that is lost by chance is sent again within a second or two; 8 kB take that long at 16 kbit/s. */
const answerLimitMs = 4 * second;
/** Of many linked devices so many show whether it is the network here. */
const linksTried = 8;

/** Whether large packets get through on the links that there are, to one device or to all: where they do not, a link comes about all the same. */
export function largeTest({ links }: Pick<DoctorPorts, 'links'>, peer: DeviceId | null): Test {
  return {
    step: 'large',
    run: async (signal): Promise<readonly DiagnosisStep[]> => {
      const linked = [...links().all()].filter(({ remote }) => peer === null || remote.id === peer).slice(0, linksTried);
      return largeFindings(await Promise.all(linked.map((link) => probe(link, signal))));
    },
  };
}

/**
 * The small one first: only who answers that loses the others for being large. What is lost on its way here holds up all that comes after it, so nothing is asked then.
 * Where blocks of a file moved meanwhile, large packets do get through, and the line is full.
 */
async function probe(link: Pick<Link, 'remote' | 'request' | 'moved'>, signal: AbortSignal): Promise<Probed> {
  const { name } = link.remote;
  const ask = async (bytes: number, padding: string, ifLost: LargeOutcome): Promise<LargeOutcome> => {
    const { down, up } = link.moved;
    try {
      await link.request('probe', { bytes, padding }, { signal, timeoutMs: answerLimitMs });
      return 'passes';
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled');
      const { code } = errorInfo(error);
      if (code === 'timeout') return link.moved.down + link.moved.up > down + up ? 'quiet' : ifLost;
      return code === 'unknown-command' ? 'unknown' : code === 'link-closed' ? 'quiet' : 'later';
    }
  };
  const questions = [[0, '', 'quiet'], [limits.probe.bytes, '', 'lost-in'], [0, 'x'.repeat(limits.probe.bytes), 'lost-out']] as const;
  for (const [bytes, padding, ifLost] of questions) {
    const outcome = await ask(bytes, padding, ifLost);
    if (outcome !== 'passes') return { name, outcome };
  }
  return { name, outcome: 'passes' };
}
