import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { killReceiverWhileDownloading } from '../e2e/kill-receiver.ts';
import { Stage } from '../e2e/programs.ts';
import { writeRandom } from '../e2e/trees.ts';

/**
 * `npm run campaign:kill`: at least KILLS (default 200) kills of the receiver at random moments, in rounds of one download
 * each. Prints every round's seed; with KILL_REPORT=FILE a line for each round is appended there.
 */
const wanted = Number(process.env['KILLS'] ?? 200);
const firstSeed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);
const stage = new Stage();
afterAll(() => stage.close());

it(`${wanted} kills end byte-identical and fetch nothing recorded again`, async () => {
  const source = join(await stage.folder(), 'film.bin');
  await writeRandom(source, 192 * MiB + 123);
  const sender = await stage.serve(['--name', 'Sender', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);
  await sender.must('share', source, '--audience', 'everyone', '--wait');
  let kills = 0;
  let wasted = 0;
  for (let seed = firstSeed; kills < wanted; seed++) {
    await sender.must('settings', 'uploadLimit', String(9 * MiB));
    const report = await killReceiverWhileDownloading(stage, { sender, path: 'film.bin', source, kills: 25, seed, maxWaitMs: 800 });
    kills += report.kills;
    wasted += report.wasted;
    const line = `seed ${seed}: ${report.kills} kills, identical ${report.identical}, forgot ${report.forgotten} times, fetched again in ${report.refetched.length} lives, surplus ${report.surplus}, wasted ${report.wasted}, ${report.seconds.toFixed(0)} s`;
    console.log(line);
    const log = process.env['KILL_REPORT'];
    if (log !== undefined) await appendFile(log, `${line}\n`);
    expect(report).toMatchObject({ identical: true, forgotten: 0, refetched: [] });
  }
  console.log(`${kills} kills from seed ${firstSeed}; ${(wasted / kills / 1024).toFixed(0)} KiB given and not recorded per kill`);
});
