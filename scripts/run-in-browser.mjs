// @ts-check
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeFlags } from './node-flags.mjs';
import { openInBrowser } from './open-in-browser.mjs';
import { root } from './project-root.mjs';

const program = join(root, 'out/node/cli.mjs');

/**
 * Serves the UI from this machine, prints its address, and waits for the node's end. When one already serves the same
 * data, its address is what to open.
 * @param {{ args: string[], why: string, open: boolean }} options `why` there is no window
 * @returns {Promise<number>} exit code
 */
export function runInBrowser({ args, why, open }) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...nodeFlags, program, 'serve', '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill('SIGTERM'));
    let alreadyRuns = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, webUrl, message, next } = JSON.parse(line);
      if (event === 'ready') show(webUrl, `DistriShare is in your browser (${why}):`, 'The address works once; Ctrl+C stops DistriShare.', open);
      else if (event === 'already-running') {
        alreadyRuns = true;
        show(webUrl, 'DistriShare already runs with this data. It is in your browser:', 'The address works once.', open);
      } else if (event === 'error' && !alreadyRuns) console.error(`${message}\n${next}`);
    });
    child.once('close', (code) => resolve(alreadyRuns ? 0 : code ?? 1));
  });
}

/**
 * @param {string | null} url
 * @param {string} before
 * @param {string} after
 * @param {boolean} open
 */
function show(url, before, after, open) {
  if (!url) {
    console.log('DistriShare runs, without a page for the browser: look for its window, or use the command line.');
    return;
  }
  console.log(`${before}\n\n  ${url}\n\n${after}`);
  if (open) openInBrowser(url);
}
