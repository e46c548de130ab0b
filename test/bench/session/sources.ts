/** What is transferred, and the machine put into the same state before every run. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KiB, MiB } from '#shared/units.ts';

const run = promisify(execFile);
const blockBytes = 8 * MiB;

/** Writes a file of random bytes. */
export async function makeFile(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  for (let at = 0; at < bytes; at += blockBytes) await file.write(randomBytes(Math.min(blockBytes, bytes - at)));
  await file.close();
}

/** Writes `files` files of 10 KiB into folders of a hundred. */
export async function makeTree(path: string, files: number): Promise<void> {
  for (let number = 0; number < files; number++) {
    const folder = join(path, `d${Math.floor(number / 100)}`);
    if (number % 100 === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${number}.bin`), randomBytes(10 * KiB));
  }
}

async function* blocksOf(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    const block = Buffer.alloc(blockBytes);
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length, null);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function sameFile(one: string, other: string): Promise<boolean> {
  const theirs = blocksOf(other);
  for await (const block of blocksOf(one)) {
    const next = await theirs.next();
    if (next.done === true || !block.equals(next.value)) return false;
  }
  return (await theirs.next()).done === true;
}

/** Byte for byte; folders with all that is in them. Throws when they differ. */
export async function mustBeSame(source: string, copy: string): Promise<void> {
  const paths = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length)).sort();
  const [wanted, got] = await Promise.all([paths(source), paths(copy)]);
  if (wanted.join('\n') !== got.join('\n')) throw new Error('the copy has other files than the source');
  for (const path of wanted.length === 0 ? [''] : wanted) if (!(await sameFile(source + path, copy + path))) throw new Error(`the copy differs from the source: ${path}`);
}

/**
 * Settles earlier writes, reads the source, and touches as much memory as the run will fill: a virtual machine may have
 * to fetch memory from its host first, which costs many times what anything here does. The scripts of the other programs do the same.
 */
export async function settle(folder: string, bytes: number, source?: string): Promise<void> {
  if (process.platform !== 'win32') await run('sync');
  if (source !== undefined) for await (const _ of blocksOf(source));
  const path = join(folder, 'settle.bin');
  const file = await open(path, 'w');
  const block = Buffer.alloc(blockBytes);
  for (let at = 0; at < bytes + 512 * MiB; at += blockBytes) await file.write(block);
  await file.close();
  await rm(path);
}
