import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { killReceiverOfFolder, type ManyFiles } from '../e2e/kill-receiver-of-folder.ts';
import { writeManyFiles } from '../e2e/many-files.ts';
import { Stage } from '../e2e/programs.ts';
import { seeded } from '../src-main/core/swarm/world.ts';

/**
 * The second half of `npm run campaign:kill`: at least FOLDER_KILLS (default: KILLS, or 200) kills, in rounds of one folder and up
 * to 25 kills each; every second folder has larger files among the small ones. Prints every round's seed; KILL_REPORT as for one file.
 */
const wanted = Number(process.env['FOLDER_KILLS'] ?? process.env['KILLS'] ?? 200);
const firstSeed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);
const stage = new Stage();
afterAll(() => stage.close());

it(`${wanted} kills over folders of small files lose, spoil and repeat nothing`, async () => {
  const sender = await stage.serve(['--name', 'Sender', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);
  const share = async (path: string, what: { small: number; single: number; large: number }): Promise<ManyFiles> => {
    const source = join(await stage.folder(), path);
    const files = writeManyFiles(source, { ...what, random: seeded(firstSeed) });
    await sender.must('share', source, '--audience', 'everyone', '--wait');
    return { path, source, files };
  };
  const folders = [await share('small', { small: 3000, single: 0, large: 0 }), await share('mixed', { small: 1500, single: 20, large: 5 })];
  let kills = 0;
  let wasted = 0;
  for (let seed = firstSeed; kills < wanted; seed++) {
    for (const shared of folders) {
      await sender.must('settings', 'uploadLimit', String(2 * MiB));
      const report = await killReceiverOfFolder(stage, { sender, shared, kills: 1 + Math.floor(seeded(seed)() * 25), seed, maxWaitMs: 1500 });
      kills += report.kills;
      wasted += report.wasted;
      const { wrong, ...figures } = report;
      const line = `seed ${seed}, ${shared.path}: ${JSON.stringify(figures)}, ${wrong.length === 0 ? 'all as it should be' : wrong.join('; ')}`;
      console.log(line);
      const log = process.env['KILL_REPORT'];
      if (log !== undefined) await appendFile(log, `${line}\n`);
      expect(wrong).toEqual([]);
    }
  }
  console.log(`${kills} kills from seed ${firstSeed}; ${(wasted / kills / 1024).toFixed(0)} KiB given and not recorded per kill`);
});
