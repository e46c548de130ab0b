import type { ContentId } from '#shared/ids.ts';
import { isContentId } from '#shared/ids.ts';
import type { Entry } from '#shared/model/share.ts';
import { day } from '#shared/units.ts';
import { epoch } from './people.ts';
import { hexOf, seedOf, seeded } from './seeded.ts';

/** A folder of this many entries is in everybody's "Backups". */
export const hugeFolder = 100_000;

const contentId = (text: string): ContentId => {
  const hex = hexOf(`content ${text}`, 64);
  if (!isContentId(hex)) throw new Error('not a content id');
  return hex;
};

type Part = Partial<Entry> & { name: string };
function entry(path: string, part: Part): Entry {
  const random = seeded(seedOf(`${path}/${part.name}`));
  const bytes = part.bytes ?? Math.floor(random() * 480e6);
  return {
    kind: 'file', bytes, files: 1, modifiedAt: epoch - Math.floor(random() * 700) * day,
    // The odd one is not fingerprinted yet.
    contentId: random() < 0.03 ? null : contentId(`${path}/${part.name}`), haveBytes: part.kind === 'folder' ? null : 0, ...part,
  };
}

const folder = (name: string, files: number, bytes: number, haveBytes: number | null = null): Part => ({ name, kind: 'folder', files, bytes, haveBytes });

const known: Readonly<Record<string, () => Part[]>> = {
  'Film scans': () => [folder('2022', 318, 140e9), folder('2023', 402, 160e9), folder('2024', 280, 112e9)],
  'Film scans/2024': () => [folder('Lisbon roll 03', 38, 17e9, 17e9), folder('Porto roll 06', 37, 16.8e9), folder('Porto roll 07', 41, 18.7e9, 2.3e9), { name: 'index.csv', bytes: 18_400 }],
  'Film scans/2024/Porto roll 07': () => [
    folder('Contact sheets', 12, 84.1e6, 84.1e6), folder('Selects, graded', 9, 1.92e9, 1.34e9),
    ...Array.from({ length: 36 }, (_, index): Part => {
      const bytes = 465_000_000 + ((index * 7_919_000) % 9_000_000);
      return { name: `porto07_${String(index + 1).padStart(3, '0')}.tif`, bytes, haveBytes: [3, 7, 8].includes(index) ? bytes : 0, modifiedAt: epoch - (790 - Math.floor(index / 6)) * day };
    }),
    { name: 'porto_bridge_timelapse.mov', bytes: 1.26e9 }, { name: 'porto_tram.mp4', bytes: 312e6 },
    { name: 'porto-roll-07-lab-notes-from-the-developer-with-a-very-long-name-that-goes-on.md', bytes: 6400 },
  ],
  'Field recordings 2025': () => Array.from({ length: 1204 }, (_, index): Part => ({ name: `ambience ${String(index + 1).padStart(4, '0')}.flac`, bytes: 31_800_000 })),
  'ISO mirror': () => [folder('debian', 14, 41e9), folder('fedora', 9, 22e9), { name: 'ubuntu-26.04-desktop-amd64.iso', bytes: 6.12e9 }, { name: 'SHA256SUMS', bytes: 1840, haveBytes: 1840 }],
  Backups: () => [folder('photos-all', hugeFolder, 3.1e12), folder('home', 48_211, 880e9), { name: 'Archive_2019-2023.tar.zst', bytes: 104.2e9 }],
  'Backups/photos-all': () => Array.from({ length: hugeFolder }, (_, index): Part => ({
    name: `IMG_${String(index).padStart(6, '0')}.${index % 41 === 0 ? 'mov' : 'jpg'}`, bytes: 2_000_000 + ((index * 48_271) % 9_000_000), modifiedAt: epoch - Math.floor(index / 40) * day, haveBytes: 0, contentId: null,
  })),
};

const cache = new Map<string, Entry[]>();

/** What lies in a folder; any other folder holds a few files. Folders first, then by name. */
export function entriesOf(path: string): Entry[] {
  const cached = cache.get(path);
  if (cached) return cached;
  const parts = known[path]?.() ?? Array.from({ length: 8 }, (_, index): Part => ({ name: `${path.split('/').at(-1) ?? 'file'} ${index + 1}.pdf`, bytes: 180_000 * (index + 1) }));
  const entries = path === 'Backups/photos-all' ? parts.map((part) => ({ kind: 'file' as const, bytes: 0, files: 1, modifiedAt: 0, contentId: null, haveBytes: 0, ...part })) : parts.map((part) => entry(path, part));
  cache.set(path, entries);
  return entries;
}

export const sharesAsEntries = (names: readonly string[], bytes: number): Entry[] =>
  names.map((name) => entry('', folder(name, 120, Math.floor(bytes / names.length))));
