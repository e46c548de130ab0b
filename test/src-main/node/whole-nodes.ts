import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { startNode, type RunningNode } from '#main/node/node.ts';
import type { SettingsPatch } from '#shared/settings.ts';

export interface WholeNodes {
  /** Of the running test: nodes keep their data in it, and download to `NAME downloads` there. */
  readonly folder: string;
  /** A node on this machine alone, which looks for nobody. It ends with the test. */
  start(name: string, overrides?: SettingsPatch): Promise<RunningNode>;
}

/** Whole nodes for the tests of a file. */
export function wholeNodes(): WholeNodes {
  const running: RunningNode[] = [];
  let folder = '';
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'nodes-')); });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((node) => node.close()));
    await rm(folder, { recursive: true });
  });
  return {
    get folder() { return folder; },
    async start(name, overrides = {}) {
      const node = await startNode({ dataDir: join(folder, name), listen: '127.0.0.1', overrides: { name, port: 0, multicast: false, mdns: false, downloadDir: join(folder, `${name} downloads`), ...overrides } });
      running.push(node);
      return node;
    },
  };
}
