import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { root } from '../../scripts/project-root.mjs';
import { openDisplay } from '../electron/display.ts';
import { launchDesktop } from '../electron/launch.ts';
import { runCli, serve } from '../e2e/programs.ts';

/**
 * How long the thread that routes the window's input is ever busy while a file comes in at full speed: the node works in
 * a thread beside it, in the same process. Prints the rate and the delay of the event loop, idle and under load.
 *
 *   npm run campaign:window      DISTRISHARE_MIB=4096 for a longer look
 */
const bytes = Number(process.env['DISTRISHARE_MIB'] ?? 1024) * MiB;
const quiet = ['--port', '0', '--no-multicast', '--no-mdns'];

declare global {
  var delays: import('node:perf_hooks').IntervalHistogram;
}

interface Delays { p99: number; max: number; samples: number }

it('measures how long the window ever waits', async () => {
  await ensureBuilt(['node', 'renderer', 'electron']);
  const folder = await mkdtemp(join(tmpdir(), 'distrishare-bench-'));
  const display = await openDisplay();
  const giver = await serve(join(folder, 'giver'), [...quiet, '--no-web', '--name', 'Giver']);
  const desktop = await launchDesktop({ appFolder: root, dataDir: join(folder, 'taker'), display: display.name, args: [...quiet, '--download-dir', join(folder, 'got')] });
  const ended = once(desktop.app.process(), 'exit');

  /** Milliseconds beyond which 1 %, and none, of the samples since the last call lay. */
  const delaysSince = (): Promise<Delays> => desktop.app.evaluate(() => {
    const result = { p99: delays.percentile(99) / 1e6, max: delays.max / 1e6, samples: delays.count };
    delays.reset();
    return result;
  });
  const show = (what: string, { p99, max, samples }: Delays): void => {
    // The histogram counts from one sample to the next, so the distance between samples is taken off.
    console.log(`${what.padEnd(6)} p99 ${Math.max(0, p99 - 1).toFixed(1)} ms, max ${Math.max(0, max - 1).toFixed(1)} ms of ${samples} samples`);
  };

  try {
    const file = join(folder, 'film.bin');
    await writeFile(file, Buffer.alloc(bytes, 7));
    await giver.must('share', file, '--audience', 'everyone', '--wait');
    const taker = ['--data', join(folder, 'taker'), '--json'];
    await runCli([...taker, 'connect', `127.0.0.1:${giver.ready.port}`]);
    await desktop.window.getByRole('article', { name: 'Giver' }).waitFor();
    // As text: what the test runner would make of a function with an import in it means nothing over there.
    await desktop.app.evaluate("globalThis.delays = process.mainModule.require('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 }); delays.enable();");
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
    show('idle', await delaysSince());
    const done = (await runCli([...taker, 'get', 'Giver', 'film.bin'])).lines.at(-1);
    show('load', await delaysSince());
    const seconds = Number(done?.['seconds']);
    expect(seconds).toBeGreaterThan(0);
    console.log(`rate   ${(bytes / 1e6 / seconds).toFixed(0)} MB/s (${bytes} bytes in ${seconds} s)`);
  } finally {
    await desktop.app.evaluate(({ app }) => { app.quit(); }).catch(() => { /* it may be gone before it answers */ });
    await ended;
    await giver.kill('SIGTERM');
    await display.close();
    await rm(folder, { recursive: true, force: true });
  }
});
