// @ts-check
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * electron-builder calls this when a folder is packed, before it sets the fuses and signs: what shows Electron's own
 * welcome page when there is no app has no place in ours.
 * @param {{ appOutDir: string, packager: { getResourcesDir(appOutDir: string): string } }} context
 */
export default async function afterPack({ appOutDir, packager }) {
  rmSync(join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true });
}
