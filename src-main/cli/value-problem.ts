import type * as z from 'zod';
import type { Translate } from '../api/translate.ts';

/** What is wrong with a value that was typed, in the user's language: what a schema says of it is meant for programmers. */
export function valueProblem(t: Translate, typed: string, error: z.ZodError | undefined): string {
  const issue = error?.issues[0];
  switch (issue?.code) {
    case 'too_big': return t(issue.origin === 'string' ? 'cli.error.value.tooLong' : 'cli.error.value.atMost', { n: Number(issue.maximum) });
    case 'too_small': return issue.origin === 'string' ? t('cli.error.value.empty') : t('cli.error.value.atLeast', { n: Number(issue.minimum) });
    case 'invalid_value': return t('cli.error.commander.choices', { choices: issue.values.map(String).join(', ') });
    default: return typed;
  }
}
