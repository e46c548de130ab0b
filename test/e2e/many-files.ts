import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KiB, MiB, type Bytes } from '#shared/units.ts';

/** A file as it is shared: `path` with slashes, below the folder that is shared; no two that are not empty have the same content. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Bytes;
  readonly hash: string;
}

/** A file as it was found. */
export interface Found {
  readonly bytes: Bytes;
  readonly hash: string;
  /** Another one: the file was replaced, also by one with the same content. */
  readonly inode: number;
}

export interface Tree {
  readonly files: ReadonlyMap<string, Found>;
  readonly folders: ReadonlySet<string>;
}

const sha256Of = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** All that lies below a folder, by its path with slashes. At once, and so without others in between: nobody runs who could change it. */
export function treeOf(folder: string): Tree {
  const files = new Map<string, Found>();
  const folders = new Set<string>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.add(path);
        walk(path);
      } else {
        files.set(path, foundAt(join(folder, path)));
      }
    }
  };
  walk('');
  return { files, folders };
}

export function foundAt(path: string): Found {
  const data = readFileSync(path);
  return { bytes: data.length, hash: sha256Of(data), inode: lstatSync(path).ino };
}

const filesPerFolder = 100;

/** Most are small, one in twenty-five is empty, none is as large as what is fetched by itself. */
function smallBytes(random: () => number): Bytes {
  const kind = random();
  return kind < 0.04 ? 0 : Math.ceil(random() * (kind < 0.84 ? 8 * KiB : 64 * KiB - 1));
}

/**
 * Writes folders of many small files, and an empty folder. `single`: so many of one piece each, too large for a batch, lie among them;
 * `large`: so many of several pieces, no two of one length.
 */
export function writeManyFiles(folder: string, { small, single, large, random }: { small: number; single: number; large: number; random: () => number }): SourceFile[] {
  const lengths = Array.from({ length: small }, () => smallBytes(random));
  const putAmong = (bytes: Bytes): void => { lengths.splice(Math.floor(random() * lengths.length), 0, bytes); };
  for (let at = 0; at < single; at++) putAmong(Math.ceil(64 * KiB + random() * 900 * KiB));
  for (let at = 0; at < large; at++) putAmong(2 * MiB + 300 + at * 400_003);
  mkdirSync(join(folder, 'nothing in it'), { recursive: true });
  return lengths.map((bytes, at) => {
    const path = `part ${Math.floor(at / filesPerFolder)}/${at}.bin`;
    const data = randomBytes(bytes);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), data);
    return { path, bytes, hash: sha256Of(data) };
  });
}
