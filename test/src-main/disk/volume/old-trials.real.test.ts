import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeOldTrials } from '#main/disk/volume/old-trials.ts';
import { realFiles } from '#main/disk/real-files.ts';
import { MiB } from '#shared/units.ts';
import { tempFolder } from '../temp-folder.ts';

it('removes old trial files, and nothing else that has such a name', () => {
  const path = tempFolder();
  const trial = '.distrishare-probe-0123456789abcdef';
  writeFileSync(join(path, trial), new Uint8Array(1 * MiB));
  for (const name of [`${trial}-\u00e9`, `${trial}-c`, `${trial}-r`]) writeFileSync(join(path, name), '');
  writeFileSync(join(path, `${trial}-l`), 'mine');
  mkdirSync(join(path, '.distrishare-probe-0123456789abcde0'));
  symlinkSync(`${trial}-l`, join(path, '.distrishare-probe-0123456789abcde1'));
  const long = new Date('2020-01-01');
  for (const name of [trial, `${trial}-\u00e9`, `${trial}-c`, `${trial}-l`]) utimesSync(join(path, name), long, long);
  const folder = realFiles.openFolder(path);
  removeOldTrials(realFiles, folder, Date.now());
  realFiles.closeFolder(folder);
  expect(readdirSync(path).sort()).toEqual(['.distrishare-probe-0123456789abcde0', '.distrishare-probe-0123456789abcde1', `${trial}-l`, `${trial}-r`]);
});
