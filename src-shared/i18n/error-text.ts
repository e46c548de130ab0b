import type { ErrorCode, ErrorInfo } from '../errors.ts';
import { isValueProblem, type ValueProblem } from '../value-problem.ts';
import { errorsEn } from './errors.en.ts';

/** Codes with a second sentence that names things. */
type NamedCode = { [Code in ErrorCode]: (typeof errorsEn)[Code] extends { about: string } ? Code : never }[ErrorCode];
const isNamed = (code: ErrorCode): code is NamedCode => 'about' in errorsEn[code];
const placeholders = (text: string): string[] => Array.from(text.matchAll(/\{(\w+)\}/g), (match) => match[1] ?? '');

/**
 * Keys of the two sentences for an error: the one with names when the error carries every name in it, else the plain
 * one. Works with any translate function: `t(what, info.params ?? {})`, `t(next, info.params ?? {})`.
 */
export function errorKeys({ code, params = {} }: ErrorInfo): { what: `error.${ErrorCode}.what` | `error.${NamedCode}.about` | `value.${ValueProblem}`; next: `error.${ErrorCode}.next` } {
  const next = `error.${code}.next` as const;
  if (code === 'bad-argument' && isValueProblem(params['problem']) && params['name'] !== '') return { what: `value.${params['problem']}`, next };
  if (isNamed(code) && placeholders(errorsEn[code].about).every((name) => String(params[name] ?? '') !== '')) return { what: `error.${code}.about`, next };
  return { what: `error.${code}.what`, next };
}
