import * as z from 'zod';

/** What the doctor looks at, in this order; `device` and `through` only when it is asked about one device. `large`: whether large packets get through where somebody is linked. */
export const doctorSteps = ['visible', 'networks', 'port', 'listener', 'multicast', 'mdns', 'others', 'servers', 'outside', 'relay', 'mapping', 'device', 'address', 'through', 'large'] as const;
export const doctorStepSchema = z.enum(doctorSteps);
export type DoctorStep = z.infer<typeof doctorStepSchema>;

/** `failed`: this alone explains that nobody appears. `warning`: it may be the reason, or part of it. `skipped`: could not be tested. */
export const stepStateSchema = z.enum(['ok', 'warning', 'failed', 'skipped']);
export type StepState = z.infer<typeof stepStateSchema>;

/**
 * Every finding with its step and how bad it is, the likeliest cause first among those that are equally bad. What each one
 * means and what to do is in `i18n/doctor.en.ts`.
 */
export const doctorFindings = {
  'networks-none': { step: 'networks', state: 'failed' },
  'networks-off': { step: 'networks', state: 'failed' },
  'visible-hidden': { step: 'visible', state: 'failed' },
  'device-blocked': { step: 'device', state: 'failed' },
  'device-no-address': { step: 'device', state: 'failed' },
  'others-not-looked-for': { step: 'others', state: 'failed' },
  'listener-deaf': { step: 'listener', state: 'failed' },
  'multicast-blocked': { step: 'multicast', state: 'failed' },
  'multicast-failed': { step: 'multicast', state: 'failed' },
  'mdns-blocked': { step: 'mdns', state: 'failed' },
  'mdns-failed': { step: 'mdns', state: 'failed' },
  'address-network-off': { step: 'address', state: 'failed' },
  'address-firewall': { step: 'address', state: 'failed' },
  'address-refuses': { step: 'address', state: 'failed' },
  'address-blocks-us': { step: 'address', state: 'failed' },
  'address-version': { step: 'address', state: 'failed' },
  'address-closed': { step: 'address', state: 'failed' },
  'address-silent': { step: 'address', state: 'failed' },
  'address-unreachable': { step: 'address', state: 'failed' },
  'address-far': { step: 'address', state: 'failed' },
  'address-no-route': { step: 'address', state: 'failed' },
  'address-name-unknown': { step: 'address', state: 'failed' },
  'address-somebody-else': { step: 'address', state: 'failed' },
  'address-stranger': { step: 'address', state: 'failed' },
  'address-full': { step: 'address', state: 'failed' },
  'address-own': { step: 'address', state: 'failed' },
  'address-failed': { step: 'address', state: 'failed' },
  'through-failed': { step: 'through', state: 'failed' },
  'large-lost-in': { step: 'large', state: 'failed' },
  'large-lost-out': { step: 'large', state: 'failed' },
  'large-quiet': { step: 'large', state: 'warning' },
  'networks-vpn-only': { step: 'networks', state: 'warning' },
  'visible-trusted': { step: 'visible', state: 'warning' },
  'device-quiet': { step: 'device', state: 'warning' },
  'others-silent': { step: 'others', state: 'warning' },
  'others-other-programs': { step: 'others', state: 'warning' },
  'listener-part': { step: 'listener', state: 'warning' },
  'multicast-part': { step: 'multicast', state: 'warning' },
  'multicast-off': { step: 'multicast', state: 'warning' },
  'mdns-part': { step: 'mdns', state: 'warning' },
  'mdns-off': { step: 'mdns', state: 'warning' },
  'port-other': { step: 'port', state: 'warning' },
  'servers-away': { step: 'servers', state: 'warning' },
  'outside-shifting': { step: 'outside', state: 'warning' },
  'mapping-refused': { step: 'mapping', state: 'warning' },
  'mapping-none': { step: 'mapping', state: 'warning' },
  'mapping-inner': { step: 'mapping', state: 'warning' },
  'relay-none': { step: 'relay', state: 'warning' },
  'servers-part': { step: 'servers', state: 'warning' },
  'servers-newer': { step: 'servers', state: 'warning' },
  'large-passes': { step: 'large', state: 'ok' },
  'device-linked': { step: 'device', state: 'ok' },
  'through-linked': { step: 'through', state: 'ok' },
  'address-linked': { step: 'address', state: 'ok' },
  'device-heard': { step: 'device', state: 'ok' },
  'others-linked': { step: 'others', state: 'ok' },
  'others-heard': { step: 'others', state: 'ok' },
  'visible-everyone': { step: 'visible', state: 'ok' },
  'networks-there': { step: 'networks', state: 'ok' },
  'port-usual': { step: 'port', state: 'ok' },
  'listener-answers': { step: 'listener', state: 'ok' },
  'mapping-there': { step: 'mapping', state: 'ok' },
  'multicast-heard': { step: 'multicast', state: 'ok' },
  'multicast-works': { step: 'multicast', state: 'ok' },
  'mdns-heard': { step: 'mdns', state: 'ok' },
  'mdns-works': { step: 'mdns', state: 'ok' },
  'servers-online': { step: 'servers', state: 'ok' },
  'outside-direct': { step: 'outside', state: 'ok' },
  'outside-steady': { step: 'outside', state: 'ok' },
  'outside-router': { step: 'outside', state: 'ok' },
  'relay-there': { step: 'relay', state: 'ok' },
  'listener-skipped': { step: 'listener', state: 'skipped' },
  'mapping-off': { step: 'mapping', state: 'skipped' },
  'mapping-unneeded': { step: 'mapping', state: 'skipped' },
  'mapping-no-router': { step: 'mapping', state: 'skipped' },
  'multicast-skipped': { step: 'multicast', state: 'skipped' },
  'mdns-skipped': { step: 'mdns', state: 'skipped' },
  'servers-none': { step: 'servers', state: 'skipped' },
  'servers-hidden': { step: 'servers', state: 'skipped' },
  'outside-skipped': { step: 'outside', state: 'skipped' },
  'relay-skipped': { step: 'relay', state: 'skipped' },
  'large-unknown': { step: 'large', state: 'skipped' },
  'large-later': { step: 'large', state: 'skipped' },
} as const satisfies Record<string, { readonly step: DoctorStep; readonly state: StepState }>;
export type DoctorFinding = keyof typeof doctorFindings;
const findingCodes = Object.keys(doctorFindings) as [DoctorFinding, ...DoctorFinding[]];

export const diagnosisStepSchema = z.object({
  step: doctorStepSchema,
  state: stepStateSchema,
  finding: z.enum(findingCodes),
  /** What fills the placeholders of its texts: names and addresses, and numbers (seconds, milliseconds). */
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type DiagnosisStep = z.infer<typeof diagnosisStepSchema>;

/** Why nobody, or one device, appears: what was tested and found so far. */
export const diagnosisSchema = z.object({
  /** The device or address it is about, as it was asked for; null: this device. */
  peer: z.string().nullable(),
  /** What is being tested now; null when it is done. */
  testing: doctorStepSchema.nullable(),
  /** The part that is done, from 0 to 1. */
  progress: z.number().min(0).max(1),
  /** The likeliest cause first; what is in order last. */
  steps: z.array(diagnosisStepSchema),
});
export type Diagnosis = z.infer<typeof diagnosisSchema>;
