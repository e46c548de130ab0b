import { AppError } from '#shared/errors.ts';
import type { Diagnosis, DiagnosisStep, DoctorStep } from '#shared/model/diagnosis.ts';
import { inOrder } from '#main/core/doctor/found.ts';
import { testsOf } from './device-tests.ts';
import type { DoctorPorts } from './doctor-ports.ts';
import { ownTests } from './own-tests.ts';

/**
 * Finds out why nobody, or one device, appears: gathers facts by doing what would be done anyway (announce, listen, dial), and
 * lets `core/doctor` say what they mean. `peer`: a device as people name it, or an address. Rejects with `peer-unknown`,
 * `ambiguous`, `cancelled`.
 */
export async function diagnose(ports: DoctorPorts, peer: string | null, signal: AbortSignal): Promise<Diagnosis> {
  const tests = peer === null ? ownTests(ports) : testsOf(ports, peer);
  const steps: DiagnosisStep[] = [];
  const told = (testing: DoctorStep | null, done: number): Diagnosis => ({ peer, testing, progress: done / tests.length, steps: inOrder(steps) });
  for (const [at, test] of tests.entries()) {
    ports.onProgress(told(test.step, at));
    steps.push(...(await test.run(signal)));
    if (signal.aborted) throw new AppError('cancelled');
  }
  const diagnosis = told(null, tests.length);
  ports.onProgress(diagnosis);
  return diagnosis;
}
