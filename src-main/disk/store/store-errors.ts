import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#shared/errors.ts';

/** Left inside a store that turned out damaged while it was in use: the next start repairs it. */
export const damageMark = 'DAMAGED';

/** Code of an abstract-level error; opening wraps the real one as its cause. */
export function levelCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const inner = levelCode(error.cause);
  if (inner !== '') return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function messages(error: unknown): string {
  return error instanceof Error ? `${error.message} ${messages(error.cause)}` : '';
}

/** A failure of LevelDB as one a user may meet. */
export function storeError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  const options = { cause: error };
  const text = messages(error);
  switch (levelCode(error)) {
    case 'LEVEL_LOCKED':
      return new AppError('node-already-running', { path }, options);
    case 'LEVEL_CORRUPTION':
      markDamaged(path);
      return new AppError('store-damaged', { path }, options);
    case 'LEVEL_IO_ERROR':
      if (text.includes('No space left')) return new AppError('disk-full', { path }, options);
      if (/[Pp]ermission denied|Read-only file system|Access is denied/.test(text)) return new AppError('no-permission', { path }, options);
      return new AppError('disk-error', { path }, options);
    default:
      return new AppError('internal', { detail: text.trim() }, options);
  }
}

function markDamaged(path: string): void {
  try {
    writeFileSync(join(path, damageMark), '');
  } catch {
    // The mark only saves the next start from opening it in vain; the error itself is already on its way.
  }
}
