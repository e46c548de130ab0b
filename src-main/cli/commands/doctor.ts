import { diagnosisText, diagnosisVerdict, saysNext } from '#shared/i18n/diagnosis-text.ts';
import type { Diagnosis, StepState } from '#shared/model/diagnosis.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { StepsFailed } from '../steps-failed.ts';
import { withNode } from '../with-node.ts';

const marks: Readonly<Record<StepState, string>> = { ok: '✓', warning: '!', failed: '✗', skipped: '–' };

export const addDoctorCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('doctor').description(t('cli.command.doctor')).argument('[peer|address]', t('cli.argument.peerOrAddress')).action((peer: string | undefined) => withNode(context, async (api) => {
    const unsubscribe = api.subscribe((event) => {
      if (event.type !== 'diagnosis' || event.diagnosis.peer !== (peer ?? null) || event.diagnosis.testing === null) return;
      out.progress(event.diagnosis.progress, '', t('doctor.testing', { step: t(`doctor.step.${event.diagnosis.testing}`) }));
    });
    const diagnosis = await api.call('doctor.run', peer === undefined ? {} : { peer }, { signal: context.signal }).finally(unsubscribe);
    for (const step of diagnosis.steps) out.event('step', { ...step, ...diagnosisText(step, t) });
    show(context, diagnosis);
    if (diagnosis.steps.some(({ state }) => state === 'failed')) throw new StepsFailed();
  }));
};

/** The first lines are what matters; what is in order follows, so that nobody looks for it. */
function show({ out, t }: CliContext, diagnosis: Diagnosis): void {
  out.line(t(`doctor.${diagnosisVerdict(diagnosis)}`));
  for (const step of diagnosis.steps) {
    const { what, next } = diagnosisText(step, t);
    out.line(`${marks[step.state]} ${t(`doctor.step.${step.step}`)}: ${what}`);
    if (saysNext(step)) out.line(`    ${next}`);
  }
}
