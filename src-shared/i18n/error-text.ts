import type { ErrorCode, ErrorInfo, ErrorParams } from '../errors.ts';
import { isValueProblem, type ValueProblem } from '../value-problem.ts';
import { commonEn } from './common.en.ts';
import { errorsEn } from './errors.en.ts';

/** Codes with a second sentence that names things. */
type NamedCode = { [Code in ErrorCode]: (typeof errorsEn)[Code] extends { about: string } ? Code : never }[ErrorCode];
const isNamed = (code: ErrorCode): code is NamedCode => 'about' in errorsEn[code];
const placeholders = (text: string): string[] => Array.from(text.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? '');

/** Arguments of calls that people have a word for. */
type ArgumentWord = keyof typeof commonEn.argument;
const isWord = (text: unknown): text is ArgumentWord => typeof text === 'string' && Object.hasOwn(commonEn.argument, text);

interface ErrorKeys {
  readonly what: `error.${ErrorCode}.what` | `error.${NamedCode}.about` | `value.${ValueProblem}`;
  readonly next: `error.${ErrorCode}.next`;
}

/** The plain sentence, or the one with names when the error carries every name in it. */
function keysOf(code: ErrorCode, params: ErrorParams): ErrorKeys {
  const next = `error.${code}.next` as const;
  const has = (name: string): boolean => String(params[name] ?? '') !== '';
  if (code === 'bad-argument' && isValueProblem(params['problem']) && has('name')) return { what: `value.${params['problem']}`, next };
  if (isNamed(code) && placeholders(errorsEn[code].about).every(has)) return { what: `error.${code}.about`, next };
  return { what: `error.${code}.what`, next };
}

/** The two sentences for an error, with any translate function. An argument of a call is named by its word in the user's language, and not at all when there is none. */
export function errorTexts({ code, params = {} }: ErrorInfo, t: (key: ErrorKeys[keyof ErrorKeys] | `argument.${ArgumentWord}`, params: ErrorParams) => string): { what: string; next: string } {
  const { argument } = params;
  const named = isWord(argument) ? { ...params, name: t(`argument.${argument}`, {}) } : params;
  const { what, next } = keysOf(code, named);
  return { what: t(what, named), next: t(next, named) };
}
