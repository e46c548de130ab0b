import type { FileType } from './model/search.ts';

const extensions: Readonly<Record<Exclude<FileType, 'any' | 'folder' | 'other'>, string>> = {
  audio: 'aac aif aiff alac amr ape au flac m4a m4b mid midi mka mp3 oga ogg opus ra wav weba wma',
  video: '3g2 3gp asf avi divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogm ogv rm rmvb ts vob webm wmv',
  image: 'arw avif bmp cr2 cr3 dng eps gif heic heif ico jfif jp2 jpe jpeg jpg jxl kra nef orf png psd raf raw rw2 svg tga tif tiff webp xcf',
  document: 'azw azw3 csv djvu doc docm docx epub fb2 htm html key log md mobi numbers odp ods odt org pages pdf pps ppsx ppt pptx ps rst rtf tex tsv txt xls xlsm xlsx xml xps',
  archive: '7z ar arj br bz2 cab cpio dmg gz img iso jar lz lz4 lzh lzma rar sit sitx squashfs tar tbz tbz2 tgz txz vhd vhdx vmdk wim xz z zip zst',
  program: 'apk app appimage bat bin cmd com deb elf exe flatpak ipa msi msix pkg ps1 rpm run sh snap vbs xpi',
};

const byExtension: ReadonlyMap<string, FileType> = new Map(
  (['audio', 'video', 'image', 'document', 'archive', 'program'] as const).flatMap((type) => extensions[type].split(' ').map((extension) => [extension, type])),
);

/** Kind of a file by the extension of its name; folders are `folder`, everything unknown is `other`. */
export function fileTypeOf(name: string, kind: 'file' | 'folder'): FileType {
  if (kind === 'folder') return 'folder';
  const dot = name.lastIndexOf('.');
  return (dot > 0 ? byExtension.get(name.slice(dot + 1).toLowerCase()) : undefined) ?? 'other';
}
