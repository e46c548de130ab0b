import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { bundleNode } from '../../../../scripts/bundle.mjs';
import { tempFolder } from '../temp-folder.ts';
import { sampleFile } from './sample-file.ts';

const bytes = 24_000_000;

/** Runs the child until it has said `lines` lines, kills it, and gives what it said until its end. */
async function runAndKill(program: string, folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, folder, String(bytes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  return said;
}

it('kill -9 at random moments: always resumes, no recorded piece is written again, ends byte-identical', async () => {
  const bundle = tempFolder();
  await bundleNode({ outDir: bundle, extra: { child: 'test/src-main/disk/receive/kill-child.ts' } });
  const program = join(bundle, 'child.mjs');
  const folder = tempFolder();
  const written = new Set<string>();
  const kills: number[] = [];
  let isFinished = false;
  while (!isFinished) {
    const lines = 1 + Math.floor(Math.random() * 60);
    kills.push(lines);
    const said = await runAndKill(program, folder, kills.length > 6 ? Infinity : lines);
    expect(said[0]).toBe('open');
    for (const line of said.slice(1)) {
      expect(written.has(line), `piece ${line} was written twice (killed after ${kills.join(', ')} lines)`).toBe(false);
      written.add(line);
    }
    isFinished = said.at(-1) === 'finished';
  }
  const file = sampleFile(bytes, 7);
  expect(readdirSync(folder)).toEqual(['file']);
  expect(Buffer.from(file.data).equals(readFileSync(join(folder, 'file')))).toBe(true);
});
