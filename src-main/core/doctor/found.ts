import { doctorFindings, type DiagnosisStep, type DoctorFinding, type StepState } from '#shared/model/diagnosis.ts';

export const found = (finding: DoctorFinding, params: DiagnosisStep['params'] = {}): DiagnosisStep => ({ ...doctorFindings[finding], finding, params });

const states: readonly StepState[] = ['failed', 'warning', 'ok', 'skipped'];
const likelihood = Object.keys(doctorFindings);

/**
 * The likeliest cause first. Where somebody is linked after all, what failed on the way there is no more than a remark:
 * an old address leads nowhere and harms nobody. Not so what fails on the link itself.
 */
export function inOrder(steps: readonly DiagnosisStep[]): DiagnosisStep[] {
  const works = steps.some(({ finding }) => finding === 'device-linked' || finding === 'address-linked' || finding === 'others-linked');
  const judged = steps.map((step) => (works && step.state === 'failed' && step.step !== 'large' ? { ...step, state: 'warning' as const } : step));
  return judged.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state) || likelihood.indexOf(a.finding) - likelihood.indexOf(b.finding));
}
