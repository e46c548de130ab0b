import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { killReceiverWhileDownloading } from './kill-receiver.ts';
import { Stage } from './programs.ts';
import { writeRandom } from './trees.ts';

const stage = new Stage();
afterAll(() => stage.close());

const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);

it(`survives being killed at random moments and ends byte-identical (KILL_SEED=${seed})`, async () => {
  const folder = join(await stage.folder());
  const source = join(folder, 'film.bin');
  const bytes = 64 * MiB + 123;
  await writeRandom(source, bytes);
  const sender = await stage.serve(['--name', 'Sender', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);
  await sender.must('settings', 'uploadLimit', String(8 * MiB));
  const shared = await sender.must('share', source, '--audience', 'everyone', '--wait');
  expect(shared).toMatchObject({ event: 'done' });
  const report = await killReceiverWhileDownloading(stage, { sender, path: 'film.bin', source, kills: 10, seed, maxWaitMs: 900 });
  expect(report).toMatchObject({ identical: true, forgotten: 0, refetched: [] });
  expect(report.kills).toBe(10);
});
