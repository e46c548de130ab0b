import type { Diagnosis, DiagnosisStep, DoctorFinding } from '#shared/model/diagnosis.ts';
import { doctorFindings } from '#shared/model/diagnosis.ts';

const step = (finding: DoctorFinding, params: DiagnosisStep['params'] = {}): DiagnosisStep => ({ ...doctorFindings[finding], finding, params });

/** What the doctor of the invented node always finds: a firewall here, or there. */
export const inventedDiagnosis = (peer: string | null): Diagnosis => ({
  peer, testing: null, progress: 1,
  steps: peer === null
    ? [step('multicast-blocked', { names: 'wlp0s20f3' }), step('others-silent', { minutes: 3 }), step('port-other', { port: 47801, wanted: 47800 }), step('visible-everyone'), step('networks-there', { names: 'wlp0s20f3' }), step('listener-answers', { addresses: '192.168.1.24:47801' }), step('mdns-works', { names: 'wlp0s20f3' })]
    : [step('address-firewall', { address: '192.168.1.31:47800' }), step('device-heard', { name: 'Amber Heron', seconds: 4 }), step('visible-everyone'), step('networks-there', { names: 'wlp0s20f3' })],
});
