import { sep } from 'node:path';

/** Whether a path is a folder, or lies anywhere in it. Both as `realpath` gives them, or both not. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
