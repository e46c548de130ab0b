import type { AppError } from '#shared/errors.ts';
import { ambiguous } from '#shared/find-named.ts';

/** The one whose id begins with what the user wrote; the whole id always fits. Throws `missing`'s code or `ambiguous`. */
export function findOne<T extends { readonly id: string }>(things: readonly T[], written: string, missing: () => AppError): T {
  const wanted = written.toLowerCase();
  const exact = things.find(({ id }) => id.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const fitting = things.filter(({ id }) => id.toLowerCase().startsWith(wanted));
  const [first] = fitting;
  if (first === undefined || wanted === '') throw missing();
  if (fitting.length > 1) throw ambiguous(written, fitting.map(({ id }) => id));
  return first;
}
