/** One thing to take in: where it goes below what was dropped, and its bytes; without bytes it is an empty folder. */
export interface DroppedItem {
  readonly path: string;
  readonly file: File | null;
}

/** What a drop holds. Folders can be looked into only while the drop is handled, so they are captured at once. */
export interface Dropped {
  readonly files: readonly File[];
  readonly entries: readonly FileSystemEntry[];
}

export function captureDrop(transfer: DataTransfer): Dropped {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  return { files: [...transfer.files], entries: items.flatMap((item) => item.webkitGetAsEntry() ?? []) };
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** What a file is called that lies nowhere. A picture of the clipboard always has the same name, so the time tells one from another. */
export function nameOf(file: File): string {
  if (file.name !== 'image.png') return file.name;
  const at = new Date(file.lastModified);
  const day = [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join('-');
  return `image ${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join('.')}.png`;
}

const readFile = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader hands out a folder in parts, until it gives none. */
async function readFolder(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return all;
    all.push(...part);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

async function walk(entry: FileSystemEntry, into: string): Promise<DroppedItem[]> {
  const path = into === '' ? entry.name : `${into}/${entry.name}`;
  if (isFile(entry)) return [{ path, file: await readFile(entry) }];
  if (!isFolder(entry)) return [];
  const items: DroppedItem[] = [];
  for (const inside of await readFolder(entry)) items.push(...(await walk(inside, path)));
  return items.length > 0 ? items : [{ path, file: null }];
}

/** Everything in a drop, folders with all that is in them. */
export async function itemsOf({ files, entries }: Dropped): Promise<DroppedItem[]> {
  if (entries.length === 0) return files.map((file) => ({ path: nameOf(file), file }));
  const items: DroppedItem[] = [];
  for (const entry of entries) items.push(...(await walk(entry, '')));
  return items;
}
