import type * as z from 'zod';

/** What of an answer is of the form we know, and how many elements of its lists are not. */
export interface Known<Value> {
  readonly value: Value;
  readonly leftOut: number;
}

/**
 * Reads what a server says, which may be newer than we are: elements of lists that are not as the schema says are left out, the innermost ones, and what is
 * beyond the longest list that it allows. Null when anything outside of a list is wrong, so only hints may stand in lists: no proof is ever read in part.
 * `told` is fresh from JSON and loses what is left out.
 */
export function readKnown<Schema extends z.ZodType>(schema: Schema, told: unknown): Known<z.output<Schema>> | null {
  // Each turn shortens a list, and what it uncovers lies deeper: two turns for each level of lists.
  for (let leftOut = 0; ;) {
    const { success, data, error } = schema.safeParse(told);
    if (success) return { value: data, leftOut };
    const shortened = shorten(told, error.issues);
    if (shortened === null) return null;
    leftOut += shortened;
  }
}

/** Takes out what is complained about; returns how many elements that were, or null when a complaint is about no element of a list. */
function shorten(told: unknown, issues: readonly z.core.$ZodIssue[]): number | null {
  const wrong = new Map<unknown[], Set<PropertyKey>>();
  let count = 0;
  for (const issue of issues) {
    const { list, index, at } = elementAt(told, issue.path);
    if (Array.isArray(at) && issue.code === 'too_big') count += at.splice(Number(issue.maximum)).length;
    else if (list === null) return null;
    else wrong.set(list, (wrong.get(list) ?? new Set()).add(index));
  }
  for (const [list, indices] of wrong) {
    const kept = list.filter((_, index) => !indices.has(index));
    count += list.length - kept.length;
    for (const [index, element] of kept.entries()) list[index] = element;
    list.length = kept.length;
  }
  return count === 0 ? null : count;
}

/** Follows a path: what is there, and the innermost list on the way with the place in it. */
function elementAt(told: unknown, path: readonly PropertyKey[]): { readonly list: unknown[] | null; readonly index: PropertyKey; readonly at: unknown } {
  let list: unknown[] | null = null;
  let index: PropertyKey = 0;
  let at = told;
  for (const key of path) {
    if (Array.isArray(at)) [list, index] = [at, key];
    at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  }
  return { list, index, at };
}
