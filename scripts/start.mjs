// @ts-check
/**
 * `npm start`: the app, on a machine with nothing but Node and npm. A window when there is a display and an Electron
 * runtime, else the same UI in the browser. Its options are in `help`.
 */
import { ensureDependencies, requireNode } from './bootstrap.mjs';
import { endWithParent } from './end-with-parent.mjs';

const help = `npm start -- [options]

  --browser       no window, even if there could be one: the page in your browser
  --no-open       do not open a browser, only print the address
  --name NAME     how others see this device
  --data DIR      where identity, settings and lists lie: another folder is another device
  --port P        port for other devices
  --web-port P    port of the page

All of "npm run -s cli -- serve --help" works, too, when there is no window.`;
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(help);
  process.exit(0);
}

requireNode();
ensureDependencies();

const { requireBuilt } = await import('./build-parts.mjs');
const { downloadElectron, findElectron } = await import('./electron-runtime.mjs');
const { hasDisplay } = await import('./open-in-browser.mjs');
const { runInBrowser } = await import('./run-in-browser.mjs');
const { runWindow } = await import('./run-window.mjs');

if (process.env.npm_lifecycle_event === 'start') endWithParent();
const args = process.argv.slice(2);
/** @param {string} flag */
const takeFlag = (flag) => {
  const at = args.indexOf(flag);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
};
const open = !takeFlag('--no-open');
const browserOnly = takeFlag('--browser');

/** @returns {Promise<{ electron: string } | { why: string }>} */
async function chooseFace() {
  if (browserOnly) return { why: 'as you asked' };
  if (!hasDisplay()) return { why: 'there is no display here' };
  // Chromium's sandbox refuses root, and a window without the sandbox is not worth having.
  if (process.platform === 'linux' && process.getuid?.() === 0) return { why: 'a window does not open for root; the browser does' };
  const electron = findElectron() ?? await downloadElectron();
  return electron ? { electron } : { why: 'the Electron runtime could not be downloaded on this network' };
}

const face = await chooseFace();
await requireBuilt(['renderer', 'electron' in face ? 'electron' : 'node']);
process.exitCode = 'electron' in face ? await runWindow(face.electron, args) : await runInBrowser({ args, why: face.why, open: open && hasDisplay() });
