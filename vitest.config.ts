import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

const unit = {
  // Its files share a process and what they import, as those of the renderer do: nothing they test keeps a state in a module.
  isolate: false,
  include: ['test/src-*/**/*.test.ts', 'test/tidy/**/*.test.ts', 'test/lab/**/*.test.ts'],
  exclude: ['**/*.real.test.ts', 'test/src-renderer/**'],
};
/** Long, and sees nothing of the Node beneath it: the shape of the tree, pure machines, swarms in the lab, receiving on a simulated disk. */
const aloof = ['test/tidy/**', 'test/lab/**', 'test/src-main/core/**', 'test/src-main/disk/receive/{crash-states,fault-points,faults,many-lives,mutants,trespass}.test.ts'];
/** Whole nodes and programs, which in the app run on Electron's Node: the layer `electron` sees that. */
const wholeNodes = ['test/src-main/{bootstrap,cli}/**', 'test/src-main/net/servers/**', 'test/src-main/node/{doctor,rooms}/**'];

const realTests = 'test/src-*/**/*.real.test.ts';
/** What needs a process of its own: it puts something in the place of a module, or looks at all that the process holds. */
const needsOwnProcess = /\bvi\.(mock|doMock)\(|\bprocess\.(getActiveResourcesInfo|memoryUsage)\(/;
const alone = readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.real.test.ts') && needsOwnProcess.test(readFileSync(join(import.meta.dirname, path), 'utf8')));
/** Its files share a process and what they import, which else takes a third of the layer's time. Each gives back what it changed of the process. */
const integration = { isolate: false, include: [realTests], exclude: alone };

/**
 * Layers of tests. `unit`: pure code and components, virtual time. `integration` (`*.real.test.ts`): real sockets,
 * files, threads (`alone` are those of them that need a process each). `contract`: one suite that every implementation of a port passes. `e2e` and `net`: the real programs.
 */
export default defineConfig({
  plugins: [vue()],
  test: {
    watch: false,
    // Vitest leaves one core to itself, which is half of a small machine; many files wait more than they work.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // For what hangs, not for what is slow: a machine may have other things to do. Layers have budgets (scripts/test-layers.mjs).
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
    globalSetup: ['test/bundle-workers.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { ...unit, name: 'unit' } },
      { extends: true, test: { ...unit, name: 'unit-node24', exclude: [...unit.exclude, ...aloof] } },
      { extends: true, test: { name: 'renderer', isolate: false, environment: './test/src-renderer/one-window.ts', setupFiles: ['test/src-renderer/clear-page.ts'], include: ['test/src-renderer/**/*.test.ts'] } },
      { extends: true, test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      { extends: true, test: { ...integration, name: 'integration' } },
      { extends: true, test: { ...integration, name: 'integration-node24', exclude: [...alone, ...wholeNodes] } },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'alone-node24', include: alone, exclude: wholeNodes } },
      { extends: true, test: { name: 'net', include: ['test/net/**/*.test.ts'], maxWorkers: 2 } },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'], fileParallelism: false } },
      { extends: true, test: { name: 'electron', include: ['test/electron/**/*.test.ts'], fileParallelism: false } },
      { extends: true, test: { name: 'campaign', include: ['test/campaign/**/*.test.ts'], testTimeout: 7_200_000, fileParallelism: false } },
      { extends: true, test: { name: 'e2e', globalSetup: ['test/e2e/ui-build.ts'], include: ['test/e2e/**/*.test.ts'], maxWorkers: 3 } },
    ],
  },
});
