import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MiB } from '#shared/units.ts';

/** Writes a file of random bytes. */
export async function writeRandom(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  const block = randomBytes(Math.min(bytes, 4 * MiB));
  for (let at = 0; at < bytes; at += block.length) {
    // Every block differs, so that a piece in the wrong place is seen.
    block.writeDoubleBE(at, 0);
    await file.write(block, 0, Math.min(block.length, bytes - at));
  }
  await file.close();
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 * MiB }), hash);
  return hash.digest('hex');
}

/** Every file and every empty folder below a folder, with the hash of what is in it. */
export async function snapshot(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true });
    if (entries.length === 0) found.set(`${relative(folder, at)}/`, 'empty folder');
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) await walk(path);
      else found.set(relative(folder, path), await sha256Of(path));
    }
  };
  await walk(folder);
  return found;
}

/** A folder as people have them: small files, odd names, an empty file, an empty folder, one larger file. */
export async function writeRealFolder(folder: string, { smallFiles, largeBytes }: { smallFiles: number; largeBytes: number }): Promise<void> {
  await mkdir(join(folder, 'empty folder'), { recursive: true });
  await mkdir(join(folder, 'ünïcødé 日本語 🎈', 'deeper'), { recursive: true });
  await writeFile(join(folder, 'empty file'), '');
  await writeFile(join(folder, 'ünïcødé 日本語 🎈', 'naïve café.txt'), 'café');
  await writeFile(join(folder, 'ünïcødé 日本語 🎈', 'deeper', "quote' \"double\" & <b>bold<i>.txt"), 'markup');
  await writeFile(join(folder, '-rf --help $(reboot).txt'), 'shell');
  await writeRandom(join(folder, 'large.bin'), largeBytes);
  for (let number = 0; number < smallFiles; number++) {
    const part = join(folder, 'small', String(number % 20));
    if (number < 20) await mkdir(part, { recursive: true });
    await writeFile(join(part, `file ${number}.txt`), `small file ${number} `.repeat(1 + (number % 500)));
  }
}

export const bytesOf = async (path: string): Promise<number> => (await stat(path)).size;
