import { fileTypeOf } from '#shared/file-types.ts';
import type { FileType } from '#shared/model/search.ts';

export type FileKind = Exclude<FileType, 'any'>;

/** What a file is, going by its name: the same classes the search filter has. */
export function fileKind(name: string, kind: 'file' | 'folder'): FileKind {
  const type = fileTypeOf(name, kind);
  return type === 'any' ? 'other' : type;
}
