import { isErrorCode } from '../errors.ts';
import { pathKindSchema } from '../model/peer.ts';
import { vpnSchema } from '../model/network.ts';
import type { Diagnosis, DiagnosisStep } from '../model/diagnosis.ts';
import type { TextKey } from './catalogue.ts';
import { formatSeconds } from './format.ts';
import { pathText } from './path-text.ts';

type Translate = (key: TextKey, params?: Readonly<Record<string, string | number>>) => string;

/** What the doctor found, and what to do, in words. */
export function diagnosisText({ finding, params }: DiagnosisStep, t: Translate): { readonly what: string; readonly next: string } {
  const seconds = params['seconds'];
  const path = pathKindSchema.safeParse(params['path']);
  const way = path.success ? pathText({ path: path.data, vpn: vpnSchema.safeParse(params['vpn']).data, relay: typeof params['relay'] === 'string' ? params['relay'] : undefined }) : null;
  const latency = params['latencyMs'];
  const reason = params['reason'];
  const words = {
    ...params,
    ...(typeof seconds === 'number' ? { time: formatSeconds(seconds) } : {}),
    ...(typeof reason === 'string' && isErrorCode(reason) ? { reason: t(`error.${reason}.what`).replace(/\.$/, '') } : {}),
    ...(way === null ? {} : { path: `${t(`path.${way.key}`, way.params)}${typeof latency === 'number' ? `, ${latency.toFixed(1)} ms` : ''}` }),
  };
  return { what: t(`doctor.finding.${finding}.what`, words), next: t(`doctor.finding.${finding}.next`, words) };
}

/** Whether what to do is worth reading: where all is well it is nothing, but the own door has a limit that must be said. */
export const saysNext = ({ state, finding }: DiagnosisStep): boolean => state !== 'ok' || finding === 'listener-answers';

/** What it all amounts to. */
export function diagnosisVerdict({ steps }: Diagnosis): 'likely' | 'perhaps' | 'linkWell' | 'allWell' {
  if (steps.some(({ state }) => state === 'failed')) return 'likely';
  if (steps.some(({ state }) => state === 'warning')) return 'perhaps';
  return steps.some(({ finding }) => finding === 'device-linked') ? 'linkWell' : 'allWell';
}
