const compressed: ReadonlySet<string> = new Set([
  // Pictures, sound and films.
  ...'avif gif heic heif jfif jp2 jpe jpeg jpg jxl png webp aac ape flac m4a m4b mka mp3 oga ogg opus ra wma'.split(' '),
  ...'3g2 3gp asf divx f4v flv m2ts m4v mkv mov mp4 mpeg mpg mts ogm ogv rm rmvb ts vob webm wmv'.split(' '),
  // Archives, and what is one under another name.
  ...'7z ar br bz2 cab dmg gz jar lz lz4 lzh lzma rar sit sitx squashfs tbz tbz2 tgz txz xz z zip zst'.split(' '),
  ...'apk app appimage deb flatpak ipa msi msix rpm snap xpi whl azw azw3 epub docm docx odp ods odt pps ppsx pptx xlsm xlsx numbers pages key'.split(' '),
]);

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  // A file that is still arriving is served from under its own name with this behind it.
  return extension === 'part' ? extensionOf(name.slice(0, dot)) : extension;
}

/**
 * What a file of this name should share its samples with: files too small to sample each count by their extension. Null
 * when the name says that it is compressed already.
 */
export function sampledAs(name: string, key: string, isSmall: boolean): string | null {
  const extension = extensionOf(name);
  if (compressed.has(extension)) return null;
  return isSmall ? `.${extension}` : key;
}
