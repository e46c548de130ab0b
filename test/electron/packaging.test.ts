import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { DebugLogger } from 'builder-util';
import { Arch, Platform, build } from 'electron-builder';
import type { Configuration } from 'electron-builder';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureBuilt } from '../../scripts/build-parts.mjs';
import { bundleElectron } from '../../scripts/bundle.mjs';
import afterPack from '../../scripts/packaging/after-pack.mjs';
import { stageCli } from '../../scripts/packaging/stage-cli.mjs';
import { root } from '../../scripts/project-root.mjs';
import { openDevtoolsPage } from './devtools-page.ts';
import type { Display } from './display.ts';
import { openDisplay } from './display.ts';
import { electronExecutable, testRuntimeVersion } from './runtime.mjs';

const run = promisify(execFile);
const readConfiguration = (): Promise<Configuration> => getConfig(root, 'electron-builder.yml', null);
/** How the fuse wire in the executable says yes and no. */
const [off, on] = ['0'.charCodeAt(0), '1'.charCodeAt(0)];

it('electron-builder.yml is valid for every system it names', async () => {
  const configuration = await readConfiguration();
  await validateConfiguration(configuration, new DebugLogger(false));
  expect(Object.keys(configuration)).toEqual(expect.arrayContaining(['win', 'mac', 'linux', 'protocols', 'electronFuses']));
  await expect(validateConfiguration(Object.assign(configuration, { nonsense: true }), new DebugLogger(false))).rejects.toThrow();
});

describe('the packed app', () => {
  let project: string;
  let packed: string;
  let display: Display;
  let official: boolean;

  beforeAll(async () => {
    display = await openDisplay();
    await ensureBuilt(['node', 'renderer', 'dashboard']);
    project = mkdtempSync(join(tmpdir(), 'distrishare-pack-'));
    for (const part of ['package.json', 'resources', 'out/renderer']) cpSync(join(root, part), join(project, part), { recursive: true });
    const runtime = await electronExecutable();
    official = runtime.official;
    // What is packed has no shim around it: what the old runtime lacks goes into the bundles.
    await bundleElectron({ outDir: join(project, 'out/electron'), inject: official ? [] : [join(root, 'test/electron/shim/gaps.cjs')] });
    symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
    stageCli(join(project, 'out/cli-package'));
    const configuration = await readConfiguration();
    // The old test runtime does not know this fuse yet.
    if (!official) delete configuration.electronFuses?.grantFileProtocolExtraPrivileges;
    await build({
      projectDir: project,
      publish: 'never',
      targets: Platform.current().createTarget('dir', Arch.x64),
      config: { ...configuration, beforePack: null, afterPack, electronDist: dirname(runtime.path), ...(official ? {} : { electronVersion: testRuntimeVersion }) },
    });
    packed = join(project, 'dist/linux-unpacked');
  });
  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await display.close();
  });

  it('holds the program, its native modules and nothing of the sources', () => {
    const files = listPackage(join(packed, 'resources/app.asar'), { isPack: false });
    expect(files).toEqual(expect.arrayContaining(['/package.json', '/out/electron/main.cjs', '/out/electron/preload.cjs', '/out/electron/worker-node.cjs', '/out/renderer/index.html', '/resources/tray.png']));
    expect(files.filter((file) => /\.(map|cc|vue)$|^\/(src-|test|scripts|docs|out\/node|out\/cli)/.test(file) || (file.endsWith('.ts') && !file.includes('/node_modules/')))).toEqual([]);
    expect(existsSync(join(packed, 'resources/app.asar.unpacked/node_modules/classic-level/prebuilds'))).toBe(true);
    expect(existsSync(join(packed, 'resources/default_app.asar'))).toBe(false);
  });

  it('cannot be made to run as Node or to be debugged from outside', async () => {
    const wire = await getCurrentFuseWire(join(packed, 'distrishare-desktop'));
    expect({
      runAsNode: wire[FuseV1Options.RunAsNode], nodeOptions: wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable], inspect: wire[FuseV1Options.EnableNodeCliInspectArguments],
      onlyAsar: wire[FuseV1Options.OnlyLoadAppFromAsar], cookies: wire[FuseV1Options.EnableCookieEncryption], integrity: wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation],
    }).toEqual({ runAsNode: off, nodeOptions: off, inspect: off, onlyAsar: on, cookies: on, integrity: on });
  });

  it('opens its window from the archive, with a real node in its thread, and ends when told to', async () => {
    const data = mkdtempSync(join(tmpdir(), 'distrishare-data-'));
    const app = spawn(join(packed, 'distrishare-desktop'), [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--remote-debugging-port=0', '--data', data, '--name', 'Packed', '--port', '0', '--no-multicast', '--no-mdns'], {
      env: { ...process.env, ...(display.name === '' ? {} : { DISPLAY: display.name }) }, stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => { app.kill('SIGKILL'); });
    const ended = once(app, 'exit');
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      app.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      void ended.then(() => { reject(new Error(`the packed app ended: ${said}`)); });
    });
    const page = await openDevtoolsPage(address, 'distrishare-app://ui/');
    const name = await page.evaluate(`new Promise((resolve) => {
      const ask = () => {
        if (!globalThis.distrishare || document.readyState !== 'complete') return setTimeout(ask, 20);
        distrishare.onMessage((text) => { const { id, value } = JSON.parse(text); if (id === 1007) resolve(value.name); });
        distrishare.send(JSON.stringify({ kind: 'call', id: 1007, name: 'node.status', args: {} }));
      };
      ask();
    })`);
    expect(name).toBe('Packed');
    page.close();
    app.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    rmSync(data, { recursive: true, force: true });
  });

  it('brings the command line with a Node of its own', async () => {
    const file = join(project, 'hello.txt');
    writeFileSync(file, 'hello');
    const { stdout } = await run(join(packed, 'resources/cli/distrishare'), ['hash', file, '--json'], { env: { PATH: '/usr/bin:/bin', HOME: project } });
    expect(stdout).toContain('"contentId"');
  });
});
