import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { killReceiverOfFolder } from './kill-receiver-of-folder.ts';
import { writeManyFiles } from './many-files.ts';
import { Stage } from './programs.ts';

const stage = new Stage();
afterAll(() => stage.close());

const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);

it(`a folder of small files comes whole through kills at random moments, beside what the user does there (KILL_SEED=${seed})`, async () => {
  const source = join(await stage.folder(), 'many');
  const files = writeManyFiles(source, { small: 400, single: 2, large: 1, random: seeded(seed) });
  const sender = await stage.serve(['--name', 'Sender', '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1']);
  await sender.must('settings', 'uploadLimit', String(3 * MiB));
  await sender.must('share', source, '--audience', 'everyone', '--wait');
  const report = await killReceiverOfFolder(stage, { sender, shared: { path: 'many', source, files }, kills: 2, seed, maxWaitMs: 500 });
  expect(report.wrong).toEqual([]);
  expect(report.kills).toBe(2);
});
