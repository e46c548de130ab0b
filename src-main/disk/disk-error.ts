import { AppError, type ErrorCode } from '#shared/errors.ts';

/** The system's code of an error thrown by `node:fs`, or null for any other value. */
export function systemCode(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EROFS: 'no-permission',
  ENAMETOOLONG: 'name-too-long',
  ENOTDIR: 'not-a-folder',
  EMFILE: 'too-many-open-files',
  ENFILE: 'too-many-open-files',
};

/**
 * An error of the file system as one with a code. `missing` says what it means here when something does not exist. A file does not
 * when a file lies where one of its folders was, either.
 */
export function diskError(thrown: unknown, path: string, missing: 'file-missing' | 'folder-gone'): AppError {
  if (thrown instanceof AppError) return thrown;
  const system = systemCode(thrown);
  if (system === null) return new AppError('internal', { detail: thrown instanceof Error ? thrown.message : String(thrown) }, { cause: thrown });
  const isMissing = system === 'ENOENT' || (system === 'ENOTDIR' && missing === 'file-missing');
  const code = isMissing ? missing : (codes[system] ?? 'disk-error');
  return new AppError(code, { path, detail: system }, { cause: thrown });
}
