import { describe, expect, it } from 'vitest';
import { translator } from '#main/api/translate.ts';
import { diagnosisText, diagnosisVerdict } from '#shared/i18n/diagnosis-text.ts';
import { doctorEn } from '#shared/i18n/doctor.en.ts';
import { doctorEs } from '#shared/i18n/doctor.es.ts';
import { doctorFindings, type DiagnosisStep, type DoctorFinding } from '#shared/model/diagnosis.ts';

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
const codes = Object.keys(doctorFindings) as DoctorFinding[];
const step = (finding: DoctorFinding, params: DiagnosisStep['params'] = {}): DiagnosisStep => ({ ...doctorFindings[finding], finding, params });

describe('what the doctor says', () => {
  it.each(codes)('%s names the same things in both languages', (code) => {
    const [en, es] = [doctorEn.finding[code], doctorEs.finding[code]];
    expect([placeholders(es.what), es.what.split('|').length]).toEqual([placeholders(en.what), en.what.split('|').length]);
    expect(placeholders(en.next).filter((name) => !placeholders(en.what).includes(name))).toEqual([]);
  });

  it('says times, paths and numbers as people do', () => {
    const linked = step('device-linked', { name: 'Ann', address: '192.168.1.5:47800', path: 'overlay', vpn: 'tailscale', latencyMs: 1.24, seconds: 130 });
    expect(diagnosisText(linked, translator('en')).what).toBe('Ann is here: through Tailscale, 1.2 ms, 192.168.1.5:47800, for 2 min.');
    expect(diagnosisText(step('others-linked', { n: 2 }), translator('es')).what).toBe('Hay 2 personas conectadas.');
  });

  it('says what an error means and not its code; what the system said stays', () => {
    expect(diagnosisText(step('address-failed', { address: '192.0.2.7:47800', reason: 'timeout' }), translator('en')).what).toBe('The connection to 192.0.2.7:47800 did not come about: There was no answer in time.');
    expect(diagnosisText(step('address-failed', { address: '192.0.2.7:47800', reason: 'EHOSTDOWN' }), translator('en')).what).toContain(': EHOSTDOWN.');
    expect(diagnosisText(step('servers-part', { names: 'one', reason: 'not-reachable' }), translator('en')).what).toBe('Some of your servers do not answer: one.');
  });

  it.each([['likely', ['others-silent', 'networks-off']], ['perhaps', ['others-silent', 'port-usual']], ['allWell', ['port-usual', 'mdns-skipped']], ['linkWell', ['device-linked', 'large-passes']]] as const)('amounts to “%s”', (verdict, findings) => {
    expect(diagnosisVerdict({ peer: null, testing: null, progress: 1, steps: findings.map((finding) => step(finding)) })).toBe(verdict);
  });
});
