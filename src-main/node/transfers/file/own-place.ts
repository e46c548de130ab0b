import type { ErrorInfo } from '#shared/errors.ts';

/** So many of a download, files or empty folders, are put off; then it waits until one of them has a place. */
export const withoutPlaceAtOnce = 64;
const aboutPlace = new Set<string>(['not-a-folder', 'name-too-long']);

/** Whether a disk's error is about where one file is to go below `base`: a file lies where one of its folders should, or its name is too long. Others may have a place all the same. */
export function hasNoPlace({ code, params }: ErrorInfo, base: string): boolean {
  return aboutPlace.has(code) && params?.['path'] !== base;
}
