import type * as z from 'zod';
import { AppError, type ErrorParams } from './errors.ts';

/** Why a value was not taken. People read `value.PROBLEM`, in their language: what a schema says of it is meant for programmers. */
export const valueProblems = ['empty', 'tooLong', 'atMost', 'atLeast', 'range', 'number', 'decimal', 'choices', 'address', 'form'] as const;
export type ValueProblem = (typeof valueProblems)[number];
export const isValueProblem = (text: unknown): text is ValueProblem => valueProblems.some((problem) => problem === text);

/** What the first mistake that a schema found is, with the numbers and words its sentence names. */
function problemOf(issue: z.core.$ZodIssue | undefined): ErrorParams & { readonly problem: ValueProblem } {
  switch (issue?.code) {
    case 'too_big': return { problem: issue.origin === 'string' ? 'tooLong' : 'atMost', n: Number(issue.maximum) };
    case 'too_small': return issue.origin === 'string' ? { problem: 'empty' } : { problem: 'atLeast', n: Number(issue.minimum) };
    case 'invalid_value': return { problem: 'choices', choices: issue.values.map(String).join(', ') };
    // As a switch is written on a command line.
    case 'invalid_type': return issue.expected === 'boolean' ? { problem: 'choices', choices: 'on, off' } : { problem: issue.expected === 'number' || issue.expected === 'int' ? 'number' : 'form' };
    default: return { problem: 'form' };
  }
}

/**
 * A schema's refusal as `bad-argument`. `name`: what the user calls the value, and wrote. Without it the value is an argument of a call, by the last word
 * of its place: people read `argument.WORD`, in their language.
 */
export function badArgument(error: z.ZodError | undefined, name?: string): AppError {
  const issue = error?.issues[0];
  const place = issue?.path.findLast((part) => typeof part === 'string');
  return new AppError('bad-argument', { ...(name === undefined ? { argument: typeof place === 'string' ? place : '' } : { name }), ...problemOf(issue) });
}
