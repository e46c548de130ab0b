import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleElectron } from '../../scripts/bundle.mjs';
import { root } from '../../scripts/project-root.mjs';

/** Builds the shell around a stand-in node and a stand-in page, in a folder of its own. The caller deletes it. */
export async function buildShellApp(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'distrishare-shell-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'distrishare', version: '0.1.0', main: 'out/electron/main.cjs' }));
  cpSync(join(root, 'resources'), join(folder, 'resources'), { recursive: true });
  cpSync(join(root, 'test/electron/fixture-ui'), join(folder, 'out/renderer'), { recursive: true });
  await bundleElectron({ outDir: join(folder, 'out/electron'), nodeThread: 'test/electron/fake-node-thread.ts' });
  return folder;
}
